"""Optimizer wrappers, with gradient accumulation and clipping."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from engine.dist import is_sharded, shard_like, whole_tensor
from engine.logging import MessageHub
from engine.registry import OPTIM_WRAPPERS


def _clip_norm(parameters: list[Tensor], max_norm: float, **options: Any) -> Tensor:
    """Do as `clip_grad_norm_` does, also where parameters are sharded over several meshes."""
    if not any(map(is_sharded, parameters)):
        return nn.utils.clip_grad_norm_(parameters, max_norm, **options)
    by_mesh: dict[Any, list[Tensor]] = {}
    for each in parameters:
        by_mesh.setdefault(getattr(each, "device_mesh", None), []).append(each)
    norm_type = options.pop("norm_type", 2.0)
    is_strict = options.pop("error_if_nonfinite", False)
    norms = []
    for group in by_mesh.values():
        gradients = [each.grad for each in group if each.grad is not None]
        norms.append(whole_tensor(nn.utils.get_total_norm(gradients, norm_type, **options)))
    norm = nn.utils.get_total_norm(norms, norm_type, is_strict)
    for group in by_mesh.values():
        nn.utils.clip_grads_with_norm_(group, max_norm, norm, **options)
    return norm


_LR = itemgetter("lr")
_CLIPPERS: Mapping[str, Callable[..., Tensor | None]] = {
    "norm": _clip_norm,
    "value": torch.nn.utils.clip_grad_value_,
}
_NOTHING = nullcontext()


class BaseOptimWrapper(ABC):
    """An optimizer, and how a loss becomes a step of it.

    Args:
        optimizer: The optimizer.

    Attributes:
        base_param_settings: A group without parameters that has the defaults of the optimizer, and
            is scheduled like the others, where these have several settings; None otherwise.
    """

    base_param_settings: dict[str, Any] | None = None

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        if len(optimizer.param_groups) > 1:
            defaults = copy.deepcopy(optimizer.defaults)  # a rate may be a tensor
            self.base_param_settings = {"params": [], **defaults}

    @abstractmethod
    def update_params(self, *args: Any, **kwargs: Any) -> None:
        """Update the parameters along the gradient of a loss."""

    @abstractmethod
    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Compute the gradient of a loss."""

    @abstractmethod
    def zero_grad(self, **kwargs: Any) -> None:
        """Reset the gradients."""

    @abstractmethod
    def step(self, **kwargs: Any) -> None:
        """Take a step."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer."""
        state = self.optimizer.state_dict()
        if self.base_param_settings is not None:
            state["base_param_settings"] = dict(self.base_param_settings)
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned; of sharded parameters it is whole or sharded."""
        state = self._sharded(state_dict)
        base = state.pop("base_param_settings", None)
        if base is not None and self.base_param_settings is not None:
            self.base_param_settings = {**base, "params": []}
        self.optimizer.load_state_dict(state)

    def _sharded(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Return a state whose tensors are sharded as the parameters to which they belong."""
        parameters = [each for group in self.optimizer.param_groups for each in group["params"]]
        if not any(map(is_sharded, parameters)):
            return dict(state_dict)
        numbers = [each for group in state_dict["param_groups"] for each in group["params"]]
        owners = dict(zip(numbers, parameters, strict=False))  # torch judges whether they fit
        state = {
            number: {
                key: shard_like(value, owners[number])
                if getattr(value, "shape", None) == owners[number].shape
                else value
                for key, value in values.items()
            }
            if number in owners
            else values
            for number, values in state_dict["state"].items()
        }
        return {**state_dict, "state": state}

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The parameter groups of the optimizer, and `base_param_settings` where there are some."""
        groups = self.optimizer.param_groups
        return groups if self.base_param_settings is None else [*groups, self.base_param_settings]

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the optimizer."""
        return self.optimizer.defaults

    def get_lr(self) -> dict[str, list[float]]:
        """Return the learning rates, one for each parameter group, under `lr`.

        Where there are several groups, that of `base_param_settings` stands under `base_lr`.
        """
        rates = list(map(_LR, self.optimizer.param_groups))
        if self.base_param_settings is None:
            return {"lr": rates}
        return {"base_lr": [self.base_param_settings["lr"]], "lr": rates}

    def get_momentum(self) -> dict[str, list[float]]:
        """Return the momenta, or the first betas, one for each parameter group."""
        return {
            "momentum": [
                group["betas"][0] if "betas" in group else group.get("momentum", 0.0)
                for group in self.optimizer.param_groups
            ]
        }


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(BaseOptimWrapper):
    """An optimizer with what belongs around its step.

    Args:
        optimizer: The optimizer.
        accumulative_counts: Over how many iterations gradients are added up before a step. The
            loss of each counts with its share, so that the step equals that of one large batch.
            An incomplete group at the end of training is weighed by the iterations that it has.
        clip_grad: Arguments of `torch.nn.utils.clip_grad_norm_`, such as `dict(max_norm=1.0)`, or
            with `type='value'` those of `clip_grad_value_`. The norm is logged as `grad_norm`.

    Attributes:
        message_hub: Where the norm is logged: that of the run, which sets it. None means the
            current one.

    Raises:
        ValueError: If `accumulative_counts` is less than 1, or `clip_grad` has an unknown type.
    """

    message_hub: MessageHub | None = None

    def __init__(
        self,
        optimizer: Optimizer,
        accumulative_counts: int = 1,
        clip_grad: Mapping[str, Any] | None = None,
    ) -> None:
        if accumulative_counts < 1:
            raise ValueError(f"accumulative_counts is at least 1; got {accumulative_counts}")
        super().__init__(optimizer)
        self._accumulative_counts = accumulative_counts
        self._clip_args = dict(clip_grad or {})
        self._clip_type = self._clip_args.pop("type", "norm") if clip_grad else None
        if self._clip_type is not None and self._clip_type not in _CLIPPERS:
            raise ValueError(f"clip_grad has the type 'norm' or 'value'; got {self._clip_type!r}")
        self._inner_count = 0
        self._max_counts: int | None = None

    @property
    def inner_count(self) -> int:
        """How many losses were seen so far."""
        return self._inner_count

    def initialize_count_status(self, model: nn.Module, init_counts: int, max_counts: int) -> None:
        """Tell where in the training a run begins.

        Args:
            model: The model that is trained.
            init_counts: The iterations done so far.
            max_counts: The iterations in all, after which an incomplete group is used as well.
        """
        self._inner_count = init_counts
        self._max_counts = max_counts

    def update_params(
        self,
        loss: Tensor,
        step_kwargs: Mapping[str, Any] | None = None,
        zero_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the gradient of a loss; take a step where a group is complete.

        Args:
            loss: The loss, a scalar.
            step_kwargs: Passed on to `step`.
            zero_kwargs: Passed on to `zero_grad`.
        """
        self.backward(self.scale_loss(loss))
        if self.should_update():
            self.step(**(step_kwargs or {}))
            self.zero_grad(**(zero_kwargs or {}))

    def scale_loss(self, loss: Tensor) -> Tensor:
        """Return the loss with its share in the group of iterations that make a step."""
        group = self._accumulative_counts
        if group == 1:
            return loss
        if self._max_counts is not None:
            last = self._max_counts % group
            if last and self._inner_count >= self._max_counts - last:
                group = last
        return loss / group

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Add the gradient of a loss.

        Args:
            loss: The loss, with its share.
            **kwargs: Passed on to `Tensor.backward`.
        """
        loss.backward(**kwargs)
        self._inner_count += 1

    def should_update(self) -> bool:
        """Return whether the group of iterations is complete."""
        return (
            self._inner_count % self._accumulative_counts == 0
            or self._inner_count == self._max_counts
        )

    def should_sync(self) -> bool:
        """Return whether the gradient of the next iteration completes a group."""
        following = self._inner_count + 1
        return following % self._accumulative_counts == 0 or following == self._max_counts

    def step(self, **kwargs: Any) -> None:
        """Clip the gradients and take a step.

        Args:
            **kwargs: Passed on to the optimizer.
        """
        self._clip_grad()
        self.optimizer.step(**kwargs)

    def zero_grad(self, **kwargs: Any) -> None:
        """Reset the gradients.

        Args:
            **kwargs: Passed on to the optimizer.
        """
        if kwargs or type(self.optimizer).zero_grad is not Optimizer.zero_grad:
            self.optimizer.zero_grad(**kwargs)
            return
        for group in self.optimizer.param_groups:  # as torch does, without its profiling
            for parameter in group["params"]:
                parameter.grad = None

    def optim_context(self, model: nn.Module) -> AbstractContextManager[object]:
        """Return what surrounds the forward pass.

        Under DDP only the last iteration of a group synchronizes, but with `static_graph` each
        does, since torch counts the gradients of each then; the step is the same.

        Args:
            model: The model, or its wrapper.
        """
        if (
            isinstance(model, DistributedDataParallel)
            and not model.static_graph
            and not self.should_sync()
        ):
            return model.no_sync()
        return _NOTHING

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer, and the open gradients of this process."""
        state = super().state_dict()
        gradients = self.open_gradients()
        return {**state, "open_gradients": gradients} if gradients else state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        state = dict(state_dict)
        gradients = state.pop("open_gradients", [])
        super().load_state_dict(state)
        self.load_open_gradients(gradients)

    def open_gradients(self) -> Any:
        """Return the gradients of this process that wait for a step, and nothing if there are none.

        There are with accumulation, or where the loss of another optimizer left some. Each of
        several processes has its own.
        """
        gradients = [parameter.grad for parameter in self._parameters()]
        return gradients if any(gradient is not None for gradient in gradients) else []

    def load_open_gradients(self, gradients: Any) -> None:
        """Take over what `open_gradients` returned."""
        for parameter, gradient in zip(self._parameters(), gradients, strict=bool(gradients)):
            parameter.grad = (
                None if gradient is None else shard_like(gradient, parameter).to(parameter.device)
            )

    def _parameters(self) -> Iterator[nn.Parameter]:
        for group in self.optimizer.param_groups:
            yield from group["params"]

    def _clip_grad(self) -> None:
        if self._clip_type is None:
            return
        parameters = [each for each in self._parameters() if each.grad is not None]
        norm = _CLIPPERS[self._clip_type](parameters, **self._clip_args)
        if norm is not None:
            hub = self.message_hub or MessageHub.get_current_instance()
            hub.update_scalar("train/grad_norm", norm)
