"""TensorBoard backend."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

from engine.registry import VISBACKENDS
from engine.utils import check_types

from ._backend import BaseVisBackend, Image, force_init_env

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from engine.config import Config


@VISBACKENDS.register_module()
class TensorboardVisBackend(BaseVisBackend):
    """Writes event files that TensorBoard shows.

    Args:
        save_dir: The folder of the event files, which is what TensorBoard calls a run.
    """

    requires: ClassVar[tuple[str, str] | None] = ("tensorboard", "vis")

    @check_types
    def __init__(self, save_dir: str | os.PathLike[str]) -> None:
        super().__init__(save_dir)

    def _init_env(self) -> None:
        from torch.utils.tensorboard import SummaryWriter  # deferred: it is slow to import

        self._writer = SummaryWriter(self.save_dir)
        self.run_id: str | None = Path(self.save_dir).name

    @property
    @force_init_env
    def experiment(self) -> SummaryWriter:
        """The writer of the event files."""
        return self._writer

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Write the config as a text.

        Args:
            config: The config.
            kwargs: Not used.
        """
        self.experiment.add_text("config", f"```\n{config.pretty_text}\n```")

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Write an image.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.experiment.add_image(name, image, step, dataformats="HWC")

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Write a number.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.experiment.add_scalar(name, float(value), step)

    def _end(self) -> None:
        with ExitStack() as files:
            # Where the thread of a file has failed, the writer's own `close` leaves it running.
            written: dict[str, Any] = self._writer.all_writers or {}
            for file in written.values():
                files.callback(file.close)
            self._writer.close()
