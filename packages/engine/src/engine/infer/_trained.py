"""Where a trained model comes from: a checkpoint, an exported file, or a folder of the Hub."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.checkpoint import CheckpointError, check_exists, read_checkpoint
from engine.config import Config

if TYPE_CHECKING:
    import torch

    from engine.model import BaseModel


class TrainedModel:
    """A checkpoint.

    Args:
        name: The file, folder or URL.

    Raises:
        CheckpointError: If there is no such checkpoint.
    """

    def __init__(self, name: str | Path) -> None:
        check_exists(name)
        self.name = name

    def __str__(self) -> str:
        return os.fspath(self.name)

    @cached_property
    def meta(self) -> Mapping[str, Any]:
        """The facts about the training, and the config as the text of a Python config, `cfg`."""
        meta = read_checkpoint(self.name, mmap=True).get("meta")
        return meta if isinstance(meta, Mapping) else {}

    @cached_property
    def has_config(self) -> bool:
        """Whether it holds the config of its training."""
        return bool(self.meta.get("cfg"))

    def config(self, trust: bool = False) -> Config:
        """Return the config of the model, which is read as data: nothing in it runs.

        Args:
            trust: Whether it may name any object all the same.

        Raises:
            CheckpointError: If there is none.
            ConfigError: If it is more than data.
        """
        text = self.meta.get("cfg")
        if not text or not isinstance(text, str):
            raise CheckpointError(f"{self} holds no config; say which one its model had")
        return Config.fromstring(text, ".py", run=False, trust=trust)

    def read(self) -> dict[str, Any]:
        """Return the checkpoint, whose tensors stay in the file until they are used."""
        return read_checkpoint(self.name, mmap=True)

    def build(self, cfg: Config, device: str | torch.device) -> BaseModel | None:
        """Return what predicts in place of the model of the config, if it is no checkpoint."""
        return None
