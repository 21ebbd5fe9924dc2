"""Weights that begin where another training has ended."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.fileio import get, isfile
from engine.logging import get_logger
from engine.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module(name=["Pretrained", "PretrainedInit"])
class PretrainedInit:
    """The weights of a checkpoint.

    What the checkpoint does not have stays as it is; differences are logged.

    Args:
        checkpoint: A file or URL; its weights are under `state_dict`, or it is a state dict itself.
            Nothing in it is executed.
        prefix: The part of the stored model that is wanted, such as `'backbone.'`; None means all.
        map_location: The device on which the checkpoint is read.

    Raises:
        ValueError: If it can't be read, has nothing under the prefix, or nothing that fits.
    """

    def __init__(
        self,
        checkpoint: str,
        prefix: str | None = None,
        map_location: str | torch.device | None = "cpu",
    ) -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.map_location = map_location

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into `module`."""
        given = self._part(self._state_dict())
        own = module.state_dict()
        fitting = {
            key: value
            for key, value in given.items()
            if key in own and isinstance(value, Tensor) and value.shape == own[key].shape
        }
        if not fitting:
            raise ValueError(
                f"{self.checkpoint} has no weights for {type(module).__name__}: it has "
                f"{_shortened(given)}, wanted are {_shortened(own)}"
            )
        left_out = [
            f"{title} ({len(keys)}): {_shortened(keys)}"
            for title, keys in {
                "missing": dict.fromkeys(own.keys() - given.keys()),
                "unexpected": dict.fromkeys(given.keys() - own.keys()),
                "other shape": dict.fromkeys((given.keys() & own.keys()) - fitting.keys()),
            }.items()
            if keys
        ]
        if left_out:
            get_logger().warning(
                "The weights of %s don't fit %s whole:\n  %s",
                self.checkpoint,
                type(module).__name__,
                "\n  ".join(left_out),
            )
        module.load_state_dict(fitting, strict=False)

    def _state_dict(self) -> Mapping[str, Any]:
        if not isfile(self.checkpoint):
            raise ValueError(f"Pretrained: there is no checkpoint {self.checkpoint}")
        try:
            content = torch.load(
                io.BytesIO(get(self.checkpoint)),
                map_location=self.map_location,
                weights_only=True,
            )
        except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
            raise ValueError(
                f"Pretrained: {self.checkpoint} is not a checkpoint, was cut short, or holds more "
                "than tensors and plain data"
            ) from error
        state = content.get("state_dict", content) if isinstance(content, Mapping) else None
        if not isinstance(state, Mapping):
            raise ValueError(f"Pretrained: {self.checkpoint} holds no weights by their names")
        return {key.removeprefix("module."): value for key, value in state.items()}

    def _part(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.prefix is None:
            return state
        prefix = self.prefix if self.prefix.endswith(".") else f"{self.prefix}."
        part = {key.removeprefix(prefix): value for key, value in state.items()}
        part = {key: value for key, value in part.items() if f"{prefix}{key}" in state}
        if not part:
            parts = sorted({key.partition(".")[0] for key in state})
            raise ValueError(
                f"Pretrained: {self.checkpoint} has nothing under {prefix!r}; there is "
                f"{', '.join(parts)}"
            )
        return part


def _shortened(keys: Mapping[str, Any], most: int = 4) -> str:
    shown = ", ".join(sorted(keys)[:most]) or "nothing"
    return f"{shown}, and {len(keys) - most} more" if len(keys) > most else shown
