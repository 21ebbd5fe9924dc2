"""The base of visual back ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.config import Config

Image = npt.NDArray[np.uint8]


class BaseVisBackend:
    """A place where the pictures and numbers of a run go.

    A back end implements what its place can hold; the rest is left out.

    Args:
        save_dir: The folder of what is kept locally.
    """

    def __init__(self, save_dir: str | os.PathLike[str]) -> None:
        self.save_dir = os.fspath(save_dir)

    @property
    def experiment(self) -> Any:
        """The object of the library behind, for what this interface does not offer."""
        return self

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the config of the run.

        Args:
            config: The config.
            kwargs: What the back end offers beyond.
        """

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep a picture.

        Args:
            name: The name of the picture.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: What the back end offers beyond.
        """

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Keep a number.

        Args:
            name: The name of the number.
            value: The number; an array or tensor of one element will do.
            step: The time to which it belongs.
            kwargs: What the back end offers beyond.
        """

    def add_scalars(
        self,
        scalar_dict: Mapping[str, SupportsFloat],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep several numbers.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong.
            file_path: A file to write them to as well, where the back end writes files.
            kwargs: What the back end offers beyond.
        """
        for name, value in scalar_dict.items():
            self.add_scalar(name, value, step, **kwargs)

    def close(self) -> None:
        """Finish what is pending."""
