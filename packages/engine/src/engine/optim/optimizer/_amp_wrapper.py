"""Optimizer wrapper with mixed precision."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from engine.registry import OPTIM_WRAPPERS

from ._wrapper import OptimWrapper


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
        self.loss_scaler: torch.amp.GradScaler = torch.amp.GradScaler(
            self._device_type, enabled=enabled, **options
        )

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

    def optim_context(self, model: nn.Module) -> AbstractContextManager[object]:
        """Return what surrounds the forward pass, `torch.autocast` with it.

        Args:
            model: The model, or its wrapper.
        """
        context = ExitStack()
        context.enter_context(super().optim_context(model))
        context.enter_context(torch.autocast(self._device_type, self._dtype))
        return context

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer and of the loss scale."""
        return super().state_dict() | {"loss_scaler": self.loss_scaler.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        state = dict(state_dict)
        if scaler := state.pop("loss_scaler", None):
            self.loss_scaler.load_state_dict(scaler)
        super().load_state_dict(state)


def _precision(dtype: str | torch.dtype | None, device_type: str) -> torch.dtype:
    if dtype is None:
        return torch.float16 if device_type == "cuda" else torch.bfloat16
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if found not in (torch.float16, torch.bfloat16):
        raise ValueError(f"dtype is 'float16' or 'bfloat16'; got {dtype!r}")
    return found
