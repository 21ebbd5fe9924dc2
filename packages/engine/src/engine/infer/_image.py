"""Reading a user's image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

_MODES = {"gray": "L", "rgb": "RGB"}


def read_image(item: str | Path | Tensor, color: str = "rgb") -> Tensor:
    """Return an image as a tensor `(C, H, W)` of uint8.

    Args:
        item: A file that Pillow reads, or such a tensor, which is returned as it is.
        color: `'gray'` for one channel, `'rgb'` for three.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or damaged, or `color` is neither.
    """
    if isinstance(item, Tensor):
        return item
    if color not in _MODES:
        raise ValueError(f"color is 'gray' or 'rgb'; got {color!r}")
    from PIL import (  # deferred: the libraries that read images have it
        Image,
        UnidentifiedImageError,
    )

    if not Path(item).is_file():
        raise FileNotFoundError(f"there is no image {item}")
    try:
        with Image.open(item) as image:
            pixels = np.array(image.convert(_MODES[color]))
    except UnidentifiedImageError as error:
        raise ValueError(f"{item} is no image of a kind that Pillow reads") from error
    except OSError as error:
        raise ValueError(f"{item} is damaged: {error}") from error
    return torch.from_numpy(np.atleast_3d(pixels)).permute(2, 0, 1)
