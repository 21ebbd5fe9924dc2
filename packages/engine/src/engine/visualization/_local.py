"""Local backend: images and numbers in files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, SupportsFloat

from engine.registry import VISBACKENDS, needs_trust
from engine.registry.restrictions import NAMES_FILE_OF_RUN
from engine.utils import check_types

from ._backend import BaseVisBackend, Image, as_file_name
from ._image_io import write_image

if TYPE_CHECKING:
    from engine.config import Config


@VISBACKENDS.register_module()
@needs_trust(
    img_save_dir=NAMES_FILE_OF_RUN,
    config_save_file=NAMES_FILE_OF_RUN,
    scalar_save_file=NAMES_FILE_OF_RUN,
)
class LocalVisBackend(BaseVisBackend):
    """Keeps images as PNG, numbers as JSON lines and the config as a file.

    A line of numbers is `{"loss": 0.5, "lr": 0.1, "step": 10}`. It reaches the file at once and as
    a whole, so that a run which is killed loses none.

    Args:
        save_dir: The folder of all files.
        img_save_dir: The folder of the images in it.
        config_save_file: The name of the config.
        scalar_save_file: The name of the file of numbers.
    """

    @check_types
    def __init__(
        self,
        save_dir: str | os.PathLike[str],
        img_save_dir: str = "vis_image",
        config_save_file: str = "config.py",
        scalar_save_file: str = "scalars.json",
    ) -> None:
        super().__init__(save_dir)
        self._image_folder = Path(self.save_dir, img_save_dir)
        self._config_path = Path(self.save_dir, config_save_file)
        self._scalar_file = scalar_save_file
        self._open: dict[str, BinaryIO] = {}

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Write the config.

        Args:
            config: The config.
            kwargs: Not used.
        """
        self._config_path.parent.mkdir(parents=True, exist_ok=True)
        config.dump(str(self._config_path))

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Write an image to `<name>_<step>.png`.

        Args:
            name: The name; slashes make folders, and what can't stand in a file's name is escaped.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        write_image(image, self._image_folder / as_file_name(f"{name}_{step}.png"))

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Write a line with one number.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.add_scalars({name: value}, step)

    def add_scalars(
        self,
        scalar_dict: Mapping[str, SupportsFloat],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Write a line with several numbers.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong, if they don't say it themselves.
            file_path: Another file in the folder, which gets the line as well.
            kwargs: Not used.
        """
        numbers = {name: _plain(value) for name, value in scalar_dict.items()}
        line = json.dumps({**numbers, "step": numbers.get("step", step)}).encode() + b"\n"
        for name in dict.fromkeys((self._scalar_file, file_path or self._scalar_file)):
            self._open_file(name).write(line)

    def close(self) -> None:
        """Close the files; a later line opens them again."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _open_file(self, name: str) -> BinaryIO:
        if name not in self._open:
            path = Path(self.save_dir, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            # Without a buffer a line is one write, which a kill can't cut in two.
            self._open[name] = path.open("ab", buffering=0)
        return self._open[name]


def _plain(value: SupportsFloat) -> int | float:
    return value if isinstance(value, int) else float(value)
