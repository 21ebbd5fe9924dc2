"""DDP with a wrapper around each submodule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from inspect import signature
from typing import Any, Self, cast

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from engine.registry import MODEL_WRAPPERS

from ._base_model import BaseModel, UpdatesParams
from ._wrappers import MMDistributedDataParallel

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
