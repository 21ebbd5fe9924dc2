"""Drawing on an image, pixel by pixel the size of the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ._backend import Image
from ._matplotlib import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Color = str | tuple[int, ...]

_DPI = 100
# matplotlib rounds the size in pixels down; this much of a pixel keeps it from losing one.
_MARGIN = 0.01


def drawn_on(image: Image, draw: Callable[[Axes], None]) -> Image:
    """Return an image with something drawn on it.

    Args:
        image: RGB of shape (H, W, 3).
        draw: Adds what is to be drawn to axes whose units are pixels.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # deferred: only drawing needs it
    from matplotlib.figure import Figure

    height, width = image.shape[:2]
    figure = Figure(((width + _MARGIN) / _DPI, (height + _MARGIN) / _DPI), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    figure.figimage(image, zorder=-1)
    axes = figure.add_axes((0, 0, 1, 1), facecolor="none")
    axes.axis("off")
    axes.set(xlim=(0, width), ylim=(height, 0))
    draw(axes)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib gives it no types
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # the same
    return pixels[..., :3].copy()


def blended(image: Image, mask: Image, color: Color, alpha: float) -> Image:
    """Return an image with a colour laid over a part of it.

    Args:
        image: RGB of shape (H, W, 3).
        mask: Where to lay the colour, not 0, of shape (H, W).
        color: The colour.
        alpha: How much of the colour covers the image, in [0, 1].
    """
    covered = image.astype(np.float32)
    paint = np.asarray(rgb(color), dtype=np.float32) * 255
    covered[mask != 0] = (1 - alpha) * covered[mask != 0] + alpha * paint
    return covered.round().astype(np.uint8)


def rgb(color: Color) -> tuple[float, float, float]:
    """Return a colour as red, green and blue in [0, 1].

    Args:
        color: A name that matplotlib knows, or red, green and blue in [0, 255].
    """
    if isinstance(color, str):
        require_matplotlib()
        from matplotlib.colors import to_rgb  # deferred: only names need it

        return to_rgb(color)
    red, green, blue = color
    return red / 255, green / 255, blue / 255
