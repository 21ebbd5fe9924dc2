"""A folder with a model in the form of the Hub. Nothing in it is executed."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

from engine.checkpoint import CheckpointError
from engine.config import Config

from ._trained import TrainedModel

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"


def is_pretrained(name: str | Path) -> bool:
    """Return whether there is a folder with a config and weights by the names of the Hub."""
    return "://" not in str(name) and all(Path(name, each).is_file() for each in (CONFIG, WEIGHTS))


class PretrainedFolder(TrainedModel):
    """A folder that `save_pretrained` wrote.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__(Path(folder, WEIGHTS))
        self._folder = Path(folder)

    def __str__(self) -> str:
        return str(self._folder)

    @cached_property
    def has_config(self) -> bool:
        """True: it is a file of its own."""
        return True

    def config(self, trust: bool = False) -> Config:
        """Return the config, which is read as data and without what it may ask of this machine.

        Args:
            trust: Whether it may name any object all the same.

        Raises:
            CheckpointError: If it is none, or has bases, which would be other files.
            ConfigError: If it is more than data.
        """
        path = self._folder / CONFIG
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or "model" not in content or "_base_" in content:
            raise CheckpointError(f"{path} is no config that save_pretrained wrote")
        return Config.fromfile(
            path, use_predefined_variables=False, use_environment_variables=False, trust=trust
        )
