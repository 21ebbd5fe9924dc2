"""Base class of strategies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from engine.device import device_of, get_device
from engine.model import get_state_dict, weights_to_cpu
from engine.registry import needs_trust
from engine.registry.restrictions import COMPILES, STARTS_PROCESSES

from .._precision import DTYPES, autocast

Compile = bool | Mapping[str, Any]


@needs_trust(compile=COMPILES, launcher=STARTS_PROCESSES)
class BaseStrategy(ABC):
    """Where and how a model runs.

    Args:
        device: The device, or its type; None means the best there is.
        precision: `'bf16'` or `'fp16'` for mixed precision, in training as well as in validation
            and test, with a loss scale for fp16; None leaves the precision of the weights.
        compile: Whether `torch.compile` compiles the model; or its arguments, of which `target`
            names the method that is compiled, `'forward'` if it is not said.

    Attributes:
        device: The device.

    Raises:
        ValueError: If there is no such device or precision.
    """

    def __init__(
        self,
        device: str | None = None,
        precision: str | None = None,
        compile: Compile = False,
    ) -> None:
        if precision is not None and precision not in DTYPES:
            raise ValueError(f"precision is 'bf16', 'fp16' or None; got {precision!r}")
        self.device = device_of(device or get_device())
        self.precision = precision
        self.compile = compile

    @abstractmethod
    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Join the other processes, before anything else of the run.

        Args:
            dist_cfg: Arguments of `engine.dist.init_dist`.
        """

    @abstractmethod
    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        """Return the model as it is to be run.

        Args:
            model: The model.
            wrapper_cfg: The config of a wrapper around it.
        """

    def state_dict(self, model: nn.Module) -> dict[str, Any]:
        """Return the weights of a model that was prepared, in main memory, for a checkpoint.

        All processes call it together.

        Args:
            model: The model.
        """
        return weights_to_cpu(get_state_dict(model))

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which the model predicts."""
        if self.precision is None:
            return nullcontext()
        return autocast(self.device.type, DTYPES[self.precision])

    def optim_wrapper_cfg(self, cfg: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the config of the optimizer wrapper that the precision needs.

        Args:
            cfg: The config of a wrapper.

        Raises:
            ValueError: If it is that of a wrapper with a precision of its own.
        """
        if self.precision is None:
            return cfg
        kind = cfg.get("type", "engine.OptimWrapper")
        name = kind if isinstance(kind, str) else kind.__name__
        if name.rpartition(".")[2] != "OptimWrapper":
            raise ValueError(
                f"the strategy has precision={self.precision!r}, for which it makes an "
                f"AmpOptimWrapper, and optim_wrapper is a {name}; set one of the two"
            )
        return {**cfg, "type": "engine.AmpOptimWrapper", "dtype": DTYPES[self.precision]}

    def _compile(self, model: nn.Module) -> nn.Module:
        """Compile a model in place, so that its state dict keeps its keys."""
        if self.compile is False or self.compile is None:
            return model
        options = {} if self.compile is True else dict(self.compile)
        target = options.pop("target", "forward")
        if target == "forward":
            model.compile(**options)
        else:
            setattr(model, target, torch.compile(getattr(model, target), **options))
        return model
