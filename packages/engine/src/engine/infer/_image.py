"""Reading of input images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.fileio import get

_MODES = {"gray": "L", "rgb": "RGB"}


def read_image(
    item: str | Path | Tensor, color: str = "rgb", min_side: int | None = None
) -> Tensor:
    """Return an image as a tensor `(C, H, W)` of uint8.

    Args:
        item: A file or URL that Pillow reads, or such a tensor, which is returned as it is.
        color: `'gray'` for one channel, `'rgb'` for three.
        min_side: Decode a JPEG at a half, a quarter or an eighth of its size, which is several
            times as fast, as long as neither side gets shorter than so many pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or damaged, or `color` is neither.
    """
    if isinstance(item, Tensor):
        return item
    if color not in _MODES:
        raise ValueError(f"color is 'gray' or 'rgb'; got {color!r}")
    from PIL import Image  # deferred: the libraries that read images have it

    try:
        content = get(item)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileNotFoundError(f"there is no image {item}") from error
    with decoding(item), Image.open(BytesIO(content)) as image:
        if min_side is not None:
            image.draft(None, (min_side, min_side))
        pixels = np.array(image.convert(_MODES[color]))
    return torch.from_numpy(np.atleast_3d(pixels)).permute(2, 0, 1)


@contextmanager
def decoding(item: str | Path) -> Iterator[None]:
    """Name the file where Pillow, which opens or decodes it, says only what is wrong.

    Args:
        item: The file or URL.

    Raises:
        ValueError: If it is no image, or damaged.
    """
    from PIL import UnidentifiedImageError  # deferred, as above

    try:
        yield
    except UnidentifiedImageError as error:
        raise ValueError(f"{item} is no image of a kind that Pillow reads") from error
    except Exception as error:  # each of its decoders has other errors
        raise ValueError(f"{item} is damaged: {error}") from error
