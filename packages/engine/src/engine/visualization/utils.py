"""Checks, colors and heat maps for drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import torch

from ._backend import Image
from ._image_io import wait_continue as wait_continue  # noqa: PLC0414  # re-exported
from ._requires import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

Array = npt.NDArray[Any] | torch.Tensor
Color = str | tuple[int, ...]
Paint = str | tuple[float, float, float] | tuple[float, float, float, float]

# A map of colors in which equal steps look equal, also to people who tell few colors apart.
_HEAT = "viridis"


def tensor2ndarray(value: Array) -> npt.NDArray[Any]:
    """Return an array of the values of a tensor; an array stays as it is.

    Args:
        value: A tensor, on any device and with or without a history of gradients, or an array.
    """
    if isinstance(value, torch.Tensor):
        array: npt.NDArray[Any] = value.detach().cpu().numpy()
        return array
    return np.asarray(value)


def value2list(value: Any, valid_type: type | tuple[type, ...], expand_dim: int) -> list[Any]:
    """Return an option for each of several things.

    Args:
        value: One value for all of them, or a list with one for each.
        valid_type: The types of one value.
        expand_dim: The number of things.
    """
    return [value] * expand_dim if isinstance(value, valid_type) else list(value)


def check_type(name: str, value: Any, valid_type: type | tuple[type, ...]) -> None:
    """Check the type of an argument.

    Args:
        name: What the error calls it.
        value: The argument.
        valid_type: The type or types that it may have.

    Raises:
        TypeError: If it has another type.
    """
    if not isinstance(value, valid_type):
        types = valid_type if isinstance(valid_type, tuple) else (valid_type,)
        wanted = " or ".join(each.__name__ for each in types)
        raise TypeError(f"{name} must be a {wanted}, not a {type(value).__name__}")


def check_length(name: str, value: Any, valid_length: int) -> None:
    """Check the length of an argument that has one entry for each of several things.

    Args:
        name: What the error calls it.
        value: The argument. A list, an array or a tensor has one entry for each; anything else is
            one value.
        valid_length: The number of things.

    Raises:
        ValueError: If it has another length.
    """
    if isinstance(value, list | np.ndarray | torch.Tensor) and len(value) != valid_length:
        raise ValueError(f"{name} has {len(value)} entries, but there are {valid_length} to draw")


def check_type_and_length(
    name: str, value: Any, valid_type: type | tuple[type, ...], valid_length: int
) -> None:
    """Check the type of an argument, and its length where it has one entry for each of several.

    Args:
        name: What the error calls it.
        value: The argument. A list, an array or a tensor has one entry for each; a tuple is one
            value, such as a color.
        valid_type: The type or types that it may have.
        valid_length: The number of things.

    Raises:
        TypeError: If it has another type.
        ValueError: If it has another length.
    """
    check_type(name, value, valid_type)
    check_length(name, value, valid_length)


def color_str2rgb(color: str) -> tuple[int, int, int]:
    """Return the red, green and blue, from 0 to 255, of a color.

    Args:
        color: A name that matplotlib knows.

    Raises:
        ValueError: If there is no such color.
    """
    red, green, blue = (round(part * 255) for part in rgb(color))
    return red, green, blue


def color_val_matplotlib(colors: Color | Sequence[Color]) -> Paint | list[Paint]:
    """Return colors as matplotlib takes them.

    Args:
        colors: A name that matplotlib knows, or red, green and blue (and alpha) in [0, 255]; or a
            list of such.

    Returns:
        The name, or the numbers in [0, 1]; a list for a list.

    Raises:
        ValueError: If a color is neither.
    """
    return [paint(color) for color in colors] if isinstance(colors, list) else paint(colors)


def paint(color: Any) -> Paint:
    """Return one color as matplotlib takes it; see `color_val_matplotlib`.

    Args:
        color: The color.

    Raises:
        ValueError: If it is none.
    """
    if isinstance(color, str):
        return color
    parts = tuple((np.asarray(color, dtype=float).ravel() / 255).tolist())
    if len(parts) not in (3, 4) or not 0 <= min(parts) <= max(parts) <= 1:
        raise ValueError(f"a color is a name, or red, green and blue from 0 to 255; got {color!r}")
    return cast("Paint", parts)


def rgb(color: Color) -> tuple[float, float, float]:
    """Return a color as red, green and blue in [0, 1].

    Args:
        color: A name that matplotlib knows, or red, green and blue in [0, 255].
    """
    require_matplotlib()
    from matplotlib.colors import to_rgb  # deferred: only drawing needs it

    return to_rgb(paint(color))


def img_from_canvas(canvas: FigureCanvasAgg) -> Image:
    """Return what was drawn on a canvas, RGB of shape (H, W, 3).

    Args:
        canvas: A canvas of matplotlib's Agg.
    """
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib gives it no types
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # the same
    return pixels[..., :3].copy()


def convert_overlay_heatmap(feat_map: Array, img: Image | None = None, alpha: float = 0.5) -> Image:
    """Return a map of values as colors, from dark blue for the least to yellow for the greatest.

    Args:
        feat_map: The values, of shape (H, W) or (1, H, W).
        img: An image to lay the colors over, RGB of shape (H, W, 3).
        alpha: How much of the image is seen through the colors, in [0, 1].

    Returns:
        RGB of shape (H, W, 3).

    Raises:
        ValueError: If the shapes are others.
    """
    values = tensor2ndarray(feat_map).astype(np.float32)
    values = values[0] if values.ndim == 3 and len(values) == 1 else values
    if values.ndim != 2:
        raise ValueError(f"a heat map has the shape (H, W) or (1, H, W), got {values.shape}")
    if img is not None and img.shape != (*values.shape, 3):
        raise ValueError(f"a heat map of {values.shape} can't lie over an image of {img.shape}")
    require_matplotlib()
    from matplotlib import colormaps  # deferred: only drawing needs it

    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / (high - low) if high > low else np.zeros_like(values)
    heat = colormaps[_HEAT](scaled)[..., :3] * 255
    mixed = heat if img is None else alpha * img.astype(np.float32) + (1 - alpha) * heat
    colors: Image = mixed.round().astype(np.uint8)
    return colors
