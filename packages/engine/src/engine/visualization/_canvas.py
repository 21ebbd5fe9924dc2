"""Image canvas drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._backend import Image
from ._requires import require_matplotlib
from .utils import Color, img_from_canvas, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 100
# matplotlib rounds the size in pixels down; this much of a pixel keeps it from losing one.
_MARGIN = 0.01

_LEAST_FONT = 10  # points
_FONT_SHARE = 1 / 60  # points of a text to pixels of the image's side


class Canvas:
    """An image, and what is drawn over it.

    matplotlib renders when the image is read, once for all that was added since.

    Args:
        image: RGB of shape (H, W, 3), or gray of shape (H, W).
        options: Arguments of matplotlib's figure, such as `dpi`, the number of pixels to an inch.

    Raises:
        ValueError: If the image has another shape.
    """

    def __init__(self, image: npt.NDArray[Any], options: Mapping[str, Any]) -> None:
        pixels = np.asarray(image).astype(np.uint8)
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        if pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"an image has the shape (H, W, 3) or (H, W), got {pixels.shape}")
        self._pixels: Image = pixels
        self._options = {"dpi": _DPI, **options}
        self._figure: Figure | None = None  # what is to be rendered

    @property
    def size(self) -> tuple[int, int]:
        """The height and width of the image in pixels."""
        height, width = self._pixels.shape[:2]
        return height, width

    @property
    def font_size(self) -> float:
        """The size in points of a text that is well read beside the image."""
        height, width = self.size
        return float(max(_LEAST_FONT, _FONT_SHARE * (height * width) ** 0.5))

    def read(self) -> Image:
        """Return the image with all that was added, RGB of shape (H, W, 3)."""
        if self._figure is not None:
            self._pixels = img_from_canvas(self._figure.canvas)  # type: ignore[arg-type]  # of Agg
            self._figure = None
        return self._pixels.copy()

    def layer(self) -> tuple[Axes, int]:
        """Return axes over the image, in pixels, and a `zorder` above all before."""
        if self._figure is None:
            self._figure = self._new_figure()
        [axes] = self._figure.axes
        return axes, len(axes.get_children())

    def blend(self, mask: npt.NDArray[Any], color: Color, alpha: float) -> None:
        """Lay a color over a part of the image.

        Args:
            mask: Where to lay it, not 0, of shape (H, W).
            color: The color.
            alpha: How much of it covers the image, in [0, 1].
        """
        covered = self.read()
        paint = np.asarray(rgb(color), dtype=np.float32) * 255
        mixed = (1 - alpha) * covered[mask != 0] + alpha * paint
        covered[mask != 0] = mixed.round().astype(np.uint8)
        self._pixels = covered

    def _new_figure(self) -> Figure:
        require_matplotlib()
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # deferred, as in utils
        from matplotlib.figure import Figure

        height, width = self.size
        dpi = self._options["dpi"]
        figure = Figure(((width + _MARGIN) / dpi, (height + _MARGIN) / dpi), **self._options)
        FigureCanvasAgg(figure)
        figure.figimage(self._pixels, zorder=-1)
        axes = figure.add_axes((0, 0, 1, 1), facecolor="none")
        axes.axis("off")
        axes.set(xlim=(0, width), ylim=(height, 0))
        return figure
