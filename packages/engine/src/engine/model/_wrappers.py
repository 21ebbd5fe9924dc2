"""Model wrappers for several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from inspect import signature
from typing import Any, Self, cast

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from engine.logging import get_logger
from engine.registry import MODEL_WRAPPERS

from ._base_model import BaseModel, UpdatesParams


@MODEL_WRAPPERS.register_module()
class MMDistributedDataParallel(DistributedDataParallel):
    """`DistributedDataParallel` with the steps of a `BaseModel`.

    Args:
        module: The model.
        detect_anomalous_params: Whether to log, in each iteration, the parameters that the loss
            does not depend on; it costs a walk through the graph.
        **kwargs: Passed on to `DistributedDataParallel`.
    """

    def __init__(
        self, module: BaseModel, detect_anomalous_params: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(module, **kwargs)
        self.detect_anomalous_params = detect_anomalous_params

    def train_step(self, data: Any, optim_wrapper: UpdatesParams) -> dict[str, Tensor]:
        """Do as `BaseModel.train_step` does, with gradients averaged over the processes."""
        model = cast("BaseModel", self.module)
        with optim_wrapper.optim_context(self):
            losses = BaseModel._run_forward(
                cast("BaseModel", self), model.data_preprocessor(data, True), "loss"
            )
        loss, log_vars = model.parse_losses(losses)
        if self.detect_anomalous_params:
            detect_anomalous_params(loss, model)
        optim_wrapper.update_params(loss)
        return log_vars

    def val_step(self, data: Any) -> list[Any]:
        """Do as `BaseModel.val_step` does."""
        return cast("BaseModel", self.module).val_step(data)

    def test_step(self, data: Any) -> list[Any]:
        """Do as `BaseModel.test_step` does."""
        return cast("BaseModel", self.module).test_step(data)


# torch has renamed it.
_SYNC_BUFFERS = (
    "forward_sync_buffers"
    if "forward_sync_buffers" in signature(DistributedDataParallel).parameters
    else "broadcast_buffers"
)


@MODEL_WRAPPERS.register_module()
class MMSeparateDistributedDataParallel(nn.Module):
    """Wraps each part of a model by itself, as generators and discriminators need it.

    A loss then waits for the gradients of those parts only that it has passed through. The steps
    are those of the model. Parts without a parameter that is trained are not wrapped.

    Args:
        module: The model, whose children are the parts; it is changed in place.
        broadcast_buffers: Whether each forward pass begins with the buffers of the first process.
        find_unused_parameters: As in `DistributedDataParallel`.
        **kwargs: Passed on to `DistributedDataParallel`.
    """

    def __init__(
        self,
        module: BaseModel,
        broadcast_buffers: bool = False,
        find_unused_parameters: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.module = module
        for name, part in module.named_children():
            if any(parameter.requires_grad for parameter in part.parameters()):
                wrapped = MMDistributedDataParallel(
                    cast("BaseModel", part),
                    find_unused_parameters=find_unused_parameters,
                    **{_SYNC_BUFFERS: broadcast_buffers, **kwargs},
                )
                setattr(module, name, wrapped)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model."""
        return self.module(*args, **kwargs)

    def train_step(self, data: Any, optim_wrapper: UpdatesParams) -> dict[str, Tensor]:
        """Do as the model does."""
        return self.module.train_step(data, optim_wrapper)

    def val_step(self, data: Any) -> list[Any]:
        """Do as the model does."""
        return self.module.val_step(data)

    def test_step(self, data: Any) -> list[Any]:
        """Do as the model does."""
        return self.module.test_step(data)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Leave the gradients of all parts as each process has them, for the length of a block."""
        with ExitStack() as stack:
            for part in self.module.children():
                if isinstance(part, DistributedDataParallel):
                    stack.enter_context(part.no_sync())
            yield

    def train(self, mode: bool = True) -> Self:
        """Let the model train or predict."""
        super().train(mode)
        self.module.train(mode)
        return self


def detect_anomalous_params(loss: Tensor, model: nn.Module) -> None:
    """Log the trainable parameters that are not in the graph of a loss, as an error.

    Such parameters get no gradient, and `DistributedDataParallel` waits for them.

    Args:
        loss: The loss, before its backward pass.
        model: The model.
    """
    reached = _leaves(loss)
    missing = [
        f"{name} {tuple(parameter.shape)}"
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and id(parameter) not in reached
    ]
    if missing:
        get_logger().error(
            "The loss does not depend on these parameters of %s: %s",
            type(model).__name__,
            ", ".join(missing),
        )


def _leaves(loss: Tensor) -> set[int]:
    """Return the ids of the tensors at which the graph of `loss` ends."""
    seen: set[Any] = set()
    leaves: set[int] = {id(loss)}
    todo: list[Any] = [loss.grad_fn]
    while todo:  # graphs are deeper than Python's stack
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.add(id(node.variable))
        todo += [following for following, _ in node.next_functions]
    return leaves
