"""Reading and writing of image files."""

from __future__ import annotations

import os
from pathlib import Path

from ._backend import Image
from ._requires import require_matplotlib


def write_image(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image to a file, and make the folders that it needs.

    Args:
        image: RGB of shape (H, W, 3).
        path: The file; its ending says the format, PNG or another that Pillow knows.

    Raises:
        ImportError: If matplotlib is missing.
    """
    require_matplotlib()
    from matplotlib.image import imsave  # deferred: only a picture needs it

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    imsave(path, image)
