"""Weight initialization from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointError,
    CheckpointLoader,
    ReviseKeys,
    rename_keys,
    weights_of,
)
from engine.registry import WEIGHT_INITIALIZERS, needs_trust
from engine.registry.restrictions import NAMES_CHECKPOINT
from engine.utils import check_types

from ._state_dict import load_state_dict


@WEIGHT_INITIALIZERS.register_module(name=["Pretrained", "PretrainedInit"])
@needs_trust(checkpoint=NAMES_CHECKPOINT)
class PretrainedInit:
    """The weights of a checkpoint.

    What the checkpoint does not have stays as it is; differences are logged.

    Args:
        checkpoint: A file or URL; its weights are under `state_dict`, or it is a state dict itself.
            Nothing in it is executed.
        prefix: The part of the stored model that is wanted, such as `'backbone.'`; None means all.
        map_location: The device on which the checkpoint is read.
        revise_keys: As in `engine.runner.load_checkpoint`; it goes before the prefix.

    Raises:
        CheckpointError: If it can't be read, has nothing under the prefix, or nothing that fits.
    """

    @check_types
    def __init__(
        self,
        checkpoint: str,
        prefix: str | None = None,
        map_location: str | torch.device | None = "cpu",
        revise_keys: ReviseKeys = WITHOUT_WRAPPER,
    ) -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.map_location = map_location
        self.revise_keys = revise_keys

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into `module`."""
        content = CheckpointLoader.load_checkpoint(self.checkpoint, self.map_location, mmap=True)
        weights = rename_keys(weights_of(content, self.checkpoint), self.revise_keys)
        try:
            load_state_dict(module, self._part(weights))
        except CheckpointError as error:
            raise CheckpointError(f"{self.checkpoint}: {error}") from None

    def _part(self, weights: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.prefix is None:
            return weights
        prefix = self.prefix if self.prefix.endswith(".") else f"{self.prefix}."
        part = {
            key.removeprefix(prefix): value
            for key, value in weights.items()
            if key.startswith(prefix)
        }
        if not part:
            there = ", ".join(sorted({key.partition(".")[0] for key in weights}))
            raise CheckpointError(f"there is nothing under {prefix!r}; there is {there}")
        return part
