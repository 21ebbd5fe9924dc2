"""Wrappers that turn a loss into an update: accumulation, clipping, mixed precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from engine.dist import all_reduce, is_distributed
from engine.logging import MessageHub
from engine.registry import OPTIM_WRAPPERS

_CLIPPERS: Mapping[str, Callable[..., Tensor | None]] = {
    "norm": torch.nn.utils.clip_grad_norm_,
    "value": torch.nn.utils.clip_grad_value_,
}


@OPTIM_WRAPPERS.register_module()
class OptimWrapper:
    """An optimizer with what belongs around its step.

    Args:
        optimizer: The optimizer.
        accumulative_counts: Over how many iterations gradients are added up before a step. The
            loss of each counts with its share, so that the step equals that of one large batch.
            An incomplete group at the end of training is weighed by the iterations that it has.
        clip_grad: Arguments of `torch.nn.utils.clip_grad_norm_`, such as `dict(max_norm=1.0)`, or
            with `type='value'` those of `clip_grad_value_`. The norm is logged as `grad_norm`.

    Raises:
        ValueError: If `accumulative_counts` is less than 1, or `clip_grad` has an unknown type.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        accumulative_counts: int = 1,
        clip_grad: Mapping[str, Any] | None = None,
    ) -> None:
        if accumulative_counts < 1:
            raise ValueError(f"accumulative_counts is at least 1; got {accumulative_counts}")
        self.optimizer = optimizer
        self._accumulative_counts = accumulative_counts
        self._clip_args = dict(clip_grad or {})
        self._clip_type = self._clip_args.pop("type", "norm") if clip_grad else None
        if self._clip_type is not None and self._clip_type not in _CLIPPERS:
            raise ValueError(f"clip_grad has the type 'norm' or 'value'; got {self._clip_type!r}")
        self._inner_count = 0
        self._max_counts: int | None = None

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The parameter groups of the optimizer."""
        return self.optimizer.param_groups

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the optimizer."""
        return self.optimizer.defaults

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
        self.optimizer.zero_grad(**kwargs)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Surround the forward pass; under DDP only the last iteration of a group synchronises.

        Args:
            model: The model, or its wrapper.
        """
        if isinstance(model, DistributedDataParallel) and not self.should_sync():
            with model.no_sync():
                yield
        else:
            yield

    def get_lr(self) -> dict[str, list[float]]:
        """Return the learning rates, one for each parameter group, under `lr`."""
        return {"lr": [group["lr"] for group in self.param_groups]}

    def get_momentum(self) -> dict[str, list[float]]:
        """Return the momenta, or the first betas, one for each parameter group."""
        return {
            "momentum": [
                group["betas"][0] if "betas" in group else group.get("momentum", 0.0)
                for group in self.param_groups
            ]
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer, and the gradients that wait for a step.

        There are with accumulation, or where the loss of another optimizer left some. Processes
        that work together call it together: the gradients are averaged, since one of them saves the
        state and all go on from it.
        """
        state = self.optimizer.state_dict()
        if any(each.grad is not None for each in self._parameters()):
            state["open_gradients"] = [_open_gradient(each) for each in self._parameters()]
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        state = dict(state_dict)
        gradients = state.pop("open_gradients", None)
        self.optimizer.load_state_dict(state)
        if gradients is not None:
            for parameter, gradient in zip(self._parameters(), gradients, strict=True):
                parameter.grad = None if gradient is None else gradient.to(parameter.device)

    def _parameters(self) -> Iterator[nn.Parameter]:
        for group in self.param_groups:
            yield from group["params"]

    def _clip_grad(self) -> None:
        if self._clip_type is None:
            return
        parameters = [each for each in self._parameters() if each.grad is not None]
        norm = _CLIPPERS[self._clip_type](parameters, **self._clip_args)
        if norm is not None:
            MessageHub.get_current_instance().update_scalar("train/grad_norm", norm)


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(OptimWrapper):
    """An `OptimWrapper` whose forward pass runs in mixed precision.

    Args:
        loss_scale: `'dynamic'`, a fixed scale, or arguments of `torch.amp.GradScaler`; used where
            the precision is float16, which needs it.
        dtype: `'float16'` or `'bfloat16'`; None means float16 on CUDA devices, bfloat16 elsewhere.
        **kwargs: As in `OptimWrapper`.

    Raises:
        ValueError: If there is no such precision.
    """

    def __init__(
        self,
        loss_scale: str | float | Mapping[str, Any] = "dynamic",
        dtype: str | torch.dtype | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._device_type = next(self._parameters()).device.type
        self._dtype = _precision(dtype, self._device_type)
        if isinstance(loss_scale, Mapping):
            options = dict(loss_scale)
        elif loss_scale == "dynamic":
            options = {}
        else:
            options = {"init_scale": float(loss_scale), "growth_interval": 2**31 - 1}
        enabled = self._dtype == torch.float16
        self.loss_scaler = torch.amp.GradScaler(self._device_type, enabled=enabled, **options)

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Add the gradient of a scaled loss.

        Args:
            loss: The loss, with its share.
            **kwargs: Passed on to `Tensor.backward`.
        """
        super().backward(self.loss_scaler.scale(loss), **kwargs)

    def step(self, **kwargs: Any) -> None:
        """Undo the scale, clip the gradients and take a step.

        Args:
            **kwargs: Passed on to the optimizer.
        """
        if self._clip_type is not None:
            self.loss_scaler.unscale_(self.optimizer)
        self._clip_grad()
        self.loss_scaler.step(self.optimizer, **kwargs)
        self.loss_scaler.update()

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Surround the forward pass with `torch.autocast`.

        Args:
            model: The model, or its wrapper.
        """
        with super().optim_context(model), torch.autocast(self._device_type, self._dtype):
            yield

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer and of the loss scale."""
        return super().state_dict() | {"loss_scaler": self.loss_scaler.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        state = dict(state_dict)
        if scaler := state.pop("loss_scaler", None):
            self.loss_scaler.load_state_dict(scaler)
        super().load_state_dict(state)


def _open_gradient(parameter: nn.Parameter) -> Tensor | None:
    if not is_distributed():
        return parameter.grad
    gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
    all_reduce(gradient, "mean")
    return gradient


def _precision(dtype: str | torch.dtype | None, device_type: str) -> torch.dtype:
    if dtype is None:
        return torch.float16 if device_type == "cuda" else torch.bfloat16
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if found not in (torch.float16, torch.bfloat16):
        raise ValueError(f"dtype is 'float16' or 'bfloat16'; got {dtype!r}")
    return found
