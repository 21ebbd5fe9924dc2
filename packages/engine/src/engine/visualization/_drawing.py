"""Drawing on an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from types import NoneType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ._backend import Image
from ._canvas import Canvas
from ._requires import require_matplotlib
from .utils import (
    Array,
    Color,
    Paint,
    check_type_and_length,
    paint,
    tensor2ndarray,
    value2list,
)

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import Patch

Colors = Color | Sequence[Color]
Numbers = float | Sequence[float]
Texts = str | Sequence[str]


class ImageDrawer:
    """Draws on an image, each thing over those before it.

    Positions are in pixels, from the upper left corner to the right and down. A color is a name
    that matplotlib knows, or red, green and blue in [0, 255]. A color or another option stands for
    all that a call draws, or in a list for each. Widths of lines and sizes of texts are in points,
    of which 72 make `dpi` pixels: 100, if `fig_save_cfg` does not say otherwise.

    Args:
        fig_save_cfg: Arguments of matplotlib's figure behind the image, such as `dpi`.
    """

    def __init__(self, fig_save_cfg: Mapping[str, Any] | None = None) -> None:
        self._fig_save_cfg = {"frameon": False} if fig_save_cfg is None else fig_save_cfg
        self._drawn: Canvas | None = None

    def set_image(self, image: npt.NDArray[Any]) -> None:
        """Choose the image to draw on.

        Args:
            image: RGB of shape (H, W, 3), or gray of shape (H, W).

        Raises:
            ValueError: If it has another shape.
        """
        self._drawn = Canvas(image, self._fig_save_cfg)

    def get_image(self) -> Image:
        """Return the image with what was drawn on it, RGB of shape (H, W, 3).

        Raises:
            RuntimeError: If no image was set.
        """
        return self._canvas.read()

    def draw_points(
        self,
        positions: Array,
        colors: Colors = "g",
        marker: str | None = None,
        sizes: Array | None = None,
    ) -> Self:
        """Draw points.

        Args:
            positions: x and y, of shape (2,) or (N, 2).
            colors: Their colors.
            marker: Their shape, as matplotlib knows it; a disc if not said.
            sizes: Their areas in square points, of shape (N,).
        """
        places = _pairs(positions)
        paints = _colors("colors", colors, len(places))
        areas = None if sizes is None else tensor2ndarray(sizes)
        axes, layer = self._canvas.layer()
        x, y = places.T
        axes.scatter(x, y, s=areas, c=paints, marker=marker, zorder=layer)
        return self

    def draw_texts(
        self,
        texts: Texts,
        positions: Array,
        font_sizes: Numbers | None = None,
        colors: Colors = "g",
        vertical_alignments: Texts = "top",
        horizontal_alignments: Texts = "left",
        font_families: Texts = "sans-serif",
        bboxes: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        font_properties: FontProperties | Sequence[FontProperties] | None = None,
    ) -> Self:
        """Write texts.

        Args:
            texts: One text or several.
            positions: Where they stand, x and y, of shape (2,) or (N, 2).
            font_sizes: Their sizes; if not said, they grow with the image.
            colors: Their colors.
            vertical_alignments: How they stand above or below their positions.
            horizontal_alignments: How they stand beside their positions.
            font_families: Their fonts.
            bboxes: Boxes around them, as matplotlib describes them.
            font_properties: All that matplotlib knows of a font, in place of family and size.
        """
        places = _pairs(positions)
        count = len(places)
        check_type_and_length("texts", texts, (str, list), count)
        sizes = self._canvas.font_size if font_sizes is None else font_sizes
        options = {
            "s": value2list(texts, str, count),
            "color": _colors("colors", colors, count),
            "fontsize": _each("font_sizes", sizes, count, (Real, str)),
            "verticalalignment": _each("vertical_alignments", vertical_alignments, count),
            "horizontalalignment": _each("horizontal_alignments", horizontal_alignments, count),
            "fontfamily": _each("font_families", font_families, count),
            "bbox": _each("bboxes", bboxes, count, (Mapping, NoneType)),
        }
        if font_properties is not None:
            require_matplotlib()
            from matplotlib.font_manager import FontProperties  # deferred, as in draw_lines

            del options["fontsize"], options["fontfamily"]
            fonts = _each("font_properties", font_properties, count, FontProperties)
            options["fontproperties"] = fonts
        axes, layer = self._canvas.layer()
        for number, (x, y) in enumerate(places.tolist()):
            axes.text(x, y, zorder=layer, **{key: each[number] for key, each in options.items()})
        return self

    def draw_lines(
        self,
        x_datas: Array,
        y_datas: Array,
        colors: Colors = "g",
        line_styles: Texts = "-",
        line_widths: Numbers = 2,
    ) -> Self:
        """Draw lines.

        Args:
            x_datas: The x of the ends of each line, of shape (2,) or (N, 2).
            y_datas: The y of the ends, of the same shape.
            colors: Their colors.
            line_styles: Their styles, as matplotlib knows them.
            line_widths: Their widths.
        """
        ends = np.stack([_pairs(x_datas), _pairs(y_datas)], axis=-1)
        options = {
            "colors": _colors("colors", colors, len(ends)),
            "linestyles": _each("line_styles", line_styles, len(ends), (str, tuple)),
            "linewidths": _each("line_widths", line_widths, len(ends), Real),
        }
        axes, layer = self._canvas.layer()
        from matplotlib.collections import LineCollection  # deferred: only drawing needs it

        axes.add_collection(LineCollection(list(ends), zorder=layer, **options), autolim=False)
        return self

    def draw_circles(
        self,
        center: Array,
        radius: Array,
        edge_colors: Colors = "g",
        line_styles: Texts = "-",
        line_widths: Numbers = 2,
        face_colors: Colors = "none",
        alpha: float = 0.8,
    ) -> Self:
        """Draw circles.

        Args:
            center: x and y of their middles, of shape (2,) or (N, 2).
            radius: Their radii in pixels, of shape (1,) or (N,).
            edge_colors: The colors of their lines.
            line_styles: The styles of the lines, as matplotlib knows them.
            line_widths: The widths of the lines.
            face_colors: The colors of their areas; `'none'` leaves them free.
            alpha: How opaque they are, in [0, 1].
        """
        middles = _pairs(center)
        radii = tensor2ndarray(radius).reshape(-1)
        check_type_and_length("radius", radii, np.ndarray, len(middles))
        style = _style(len(middles), edge_colors, line_styles, line_widths, face_colors, alpha)
        require_matplotlib()
        from matplotlib.patches import Circle  # deferred, as in draw_lines

        rows = zip(middles.tolist(), radii.tolist(), strict=True)
        return self._add_shapes([Circle((x, y), size) for (x, y), size in rows], style)

    def draw_bboxes(
        self,
        bboxes: Array,
        edge_colors: Colors = "g",
        line_styles: Texts = "-",
        line_widths: Numbers = 2,
        face_colors: Colors = "none",
        alpha: float = 0.8,
    ) -> Self:
        """Draw boxes.

        Args:
            bboxes: Left, top, right and bottom, of shape (4,) or (N, 4).
            edge_colors: The colors of their lines.
            line_styles: The styles of the lines, as matplotlib knows them.
            line_widths: The widths of the lines.
            face_colors: The colors of their areas; `'none'` leaves them free.
            alpha: How opaque they are, in [0, 1].
        """
        boxes = tensor2ndarray(bboxes).reshape(-1, 4)
        corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
        return self.draw_polygons(
            list(corners), edge_colors, line_styles, line_widths, face_colors, alpha
        )

    def draw_polygons(
        self,
        polygons: Array | Sequence[Array],
        edge_colors: Colors = "g",
        line_styles: Texts = "-",
        line_widths: Numbers = 2,
        face_colors: Colors = "none",
        alpha: float = 0.8,
    ) -> Self:
        """Draw polygons.

        Args:
            polygons: One or several, each the x and y of its corners, of shape (K, 2).
            edge_colors: The colors of their lines.
            line_styles: The styles of the lines, as matplotlib knows them.
            line_widths: The widths of the lines.
            face_colors: The colors of their areas; `'none'` leaves them free.
            alpha: How opaque they are, in [0, 1].
        """
        several = [polygons] if isinstance(polygons, np.ndarray | Tensor) else list(polygons)
        style = _style(len(several), edge_colors, line_styles, line_widths, face_colors, alpha)
        require_matplotlib()
        from matplotlib.patches import Polygon  # deferred, as in draw_lines

        return self._add_shapes([Polygon(_pairs(each)) for each in several], style)

    def draw_binary_masks(
        self, binary_masks: Array, colors: Colors = "g", alphas: Numbers = 0.8
    ) -> Self:
        """Lay colors over parts of the image.

        Args:
            binary_masks: Of shape (H, W) or (N, H, W).
            colors: One color for all masks, or one for each.
            alphas: How much of a color covers the image, in [0, 1].

        Raises:
            ValueError: If the masks don't have the size of the image.
        """
        masks = tensor2ndarray(binary_masks)
        masks = masks[None] if masks.ndim == 2 else masks
        size = self._canvas.size
        if masks.shape[1:] != size:
            raise ValueError(f"masks of size {masks.shape[1:]} on an image of {size}")
        paints = _each("colors", colors, len(masks), (str, tuple))
        shares = _each("alphas", alphas, len(masks), Real)
        for mask, color, alpha in zip(masks, paints, shares, strict=True):
            self._canvas.blend(mask, color, alpha)
        return self

    @property
    def _canvas(self) -> Canvas:
        if self._drawn is None:
            raise RuntimeError("there is no image to draw on: call set_image first")
        return self._drawn

    def _add_shapes(self, shapes: Sequence[Patch], style: Mapping[str, Any]) -> Self:
        axes, layer = self._canvas.layer()
        from matplotlib.collections import PatchCollection  # deferred, as in draw_lines

        axes.add_collection(PatchCollection(shapes, zorder=layer, **style), autolim=False)
        return self


def _pairs(values: Array) -> npt.NDArray[Any]:
    """Return an array of shape (N, 2)."""
    return tensor2ndarray(values).reshape(-1, 2)


def _each(name: str, value: Any, count: int, kinds: Any = str) -> list[Any]:
    """Return an option for each of several things."""
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    check_type_and_length(name, value, (*kinds, list), count)
    return value2list(value, kinds, count)


def _colors(name: str, value: Any, count: int) -> list[Paint]:
    return [paint(color) for color in _each(name, value, count, (str, tuple))]


def _style(
    count: int, edge_colors: Any, line_styles: Any, line_widths: Any, face_colors: Any, alpha: float
) -> dict[str, Any]:
    """Return how matplotlib draws a collection of shapes."""
    return {
        "edgecolors": _colors("edge_colors", edge_colors, count),
        "linestyles": _each("line_styles", line_styles, count, (str, tuple)),
        "linewidths": _each("line_widths", line_widths, count, Real),
        "facecolors": _colors("face_colors", face_colors, count),
        "alpha": alpha,
    }
