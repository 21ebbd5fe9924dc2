"""Drawing on images, and handing pictures and numbers to the back ends."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, SupportsFloat, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from engine.registry import VISBACKENDS, VISUALIZERS
from engine.structures import BaseDataElement
from engine.utils import ManagerMixin

from ._backend import BaseVisBackend, Image
from ._canvas import Color, blended, drawn_on, rgb
from ._sample import draw_fields

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from engine.config import Config

Array = npt.NDArray[Any] | torch.Tensor
T = TypeVar("T")


@VISUALIZERS.register_module()
class Visualizer(ManagerMixin):
    """Draws on an image, and hands pictures and numbers to all back ends.

    A back end that fails does not end the run: its first failure is logged.

    Args:
        name: The name under which `get_instance` finds the visualizer.
        image: The image to draw on, RGB of shape (H, W, 3).
        vis_backends: The back ends, or configs of ones, which may have a `name`.
        save_dir: The folder of the run; the back ends write to `vis_data` in it.

    Raises:
        ValueError: If two back ends have the same name.
    """

    def __init__(
        self,
        name: str = "visualizer",
        image: Image | None = None,
        vis_backends: Sequence[Mapping[str, Any] | BaseVisBackend] | None = None,
        save_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(name)
        self.dataset_meta: Mapping[str, Any] = {}
        self._backends: dict[str, BaseVisBackend] = {}
        self._failed: set[str] = set()
        for given in vis_backends or ():
            self._add_backend(given, save_dir)
        self._image: Image | None = None
        if image is not None:
            self.set_image(image)

    def get_backend(self, name: str) -> BaseVisBackend:
        """Return a back end.

        Args:
            name: The name that its config gave it, else that of its class.

        Raises:
            KeyError: If there is no such back end.
        """
        if name not in self._backends:
            known = ", ".join(self._backends) or "none"
            raise KeyError(f"there is no visual back end {name!r}; there are {known}")
        return self._backends[name]

    def set_image(self, image: npt.NDArray[Any]) -> None:
        """Choose the image to draw on.

        Args:
            image: RGB of shape (H, W, 3), or grey of shape (H, W).

        Raises:
            ValueError: If it has another shape.
        """
        pixels = np.asarray(image).astype(np.uint8)
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        if pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"an image has the shape (H, W, 3) or (H, W), got {pixels.shape}")
        self._image = pixels

    def get_image(self) -> Image:
        """Return the image with what was drawn on it, RGB of shape (H, W, 3).

        Raises:
            RuntimeError: If no image was set.
        """
        if self._image is None:
            raise RuntimeError("there is no image to draw on: call set_image first")
        return self._image.copy()

    def draw_binary_masks(
        self,
        binary_masks: Array,
        colors: Color | Sequence[Color] = "g",
        alphas: float | Sequence[float] = 0.8,
    ) -> Self:
        """Lay colours over parts of the image.

        Args:
            binary_masks: Of shape (H, W) or (N, H, W).
            colors: One colour for all masks, or one for each.
            alphas: How much of a colour covers the image, in [0, 1].

        Raises:
            ValueError: If the masks don't have the size of the image.
        """
        masks = _array(binary_masks)
        masks = masks[None] if masks.ndim == 2 else masks
        image = self.get_image()
        if masks.shape[1:] != image.shape[:2]:
            raise ValueError(f"masks of size {masks.shape[1:]} on an image of {image.shape[:2]}")
        each = zip(masks, _each(colors, len(masks)), _each(alphas, len(masks)), strict=True)
        for mask, color, alpha in each:
            image = blended(image, mask, color, alpha)
        self._image = image
        return self

    def draw_bboxes(
        self,
        bboxes: Array,
        edge_colors: Color | Sequence[Color] = "g",
        line_styles: str | Sequence[str] = "-",
        line_widths: float | Sequence[float] = 2,
        face_colors: Color | Sequence[Color] = "none",
        alpha: float = 0.8,
    ) -> Self:
        """Draw boxes.

        Args:
            bboxes: Left, top, right and bottom in pixels, of shape (4,) or (N, 4).
            edge_colors: One colour for all boxes, or one for each.
            line_styles: The styles of the lines, as matplotlib knows them.
            line_widths: The widths of the lines in points.
            face_colors: The colours of the areas; `'none'` leaves them free.
            alpha: How opaque the boxes are, in [0, 1].
        """
        boxes = _array(bboxes).reshape(-1, 4)
        options = [
            _each(option, len(boxes))
            for option in (edge_colors, line_styles, line_widths, face_colors)
        ]

        def draw(axes: Axes) -> None:
            from matplotlib.patches import Rectangle  # deferred: only drawing needs it

            for box, edge, style, width, face in zip(boxes, *options, strict=True):
                left, top, right, bottom = box.tolist()
                axes.add_patch(
                    Rectangle(
                        (left, top),
                        right - left,
                        bottom - top,
                        edgecolor=rgb(edge),
                        facecolor="none" if face == "none" else rgb(face),
                        linestyle=style,
                        linewidth=width,
                        alpha=alpha,
                    )
                )

        self._image = drawn_on(self.get_image(), draw)
        return self

    def draw_texts(
        self,
        texts: str | Sequence[str],
        positions: Array,
        font_sizes: float | Sequence[float] = 10,
        colors: Color | Sequence[Color] = "g",
        vertical_alignments: str | Sequence[str] = "top",
        horizontal_alignments: str | Sequence[str] = "left",
        font_families: str | Sequence[str] = "sans-serif",
        bboxes: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Self:
        """Write texts.

        Args:
            texts: One text or several.
            positions: Where they stand in pixels, x and y, of shape (2,) or (N, 2).
            font_sizes: Their sizes in points.
            colors: Their colours.
            vertical_alignments: How they stand above or below their positions.
            horizontal_alignments: How they stand beside their positions.
            font_families: Their fonts.
            bboxes: Boxes around them, as matplotlib describes them.
        """
        places = _array(positions).reshape(-1, 2)
        written = [texts] if isinstance(texts, str) else list(texts)
        count = len(written)
        styles = (font_sizes, vertical_alignments, horizontal_alignments, font_families, bboxes)
        options = [_each(option, count) for option in styles]
        paints = _each(colors, count)

        def draw(axes: Axes) -> None:
            for text, place, color, size, vertical, horizontal, family, box in zip(
                written, places, paints, *options, strict=True
            ):
                x, y = place.tolist()
                axes.text(
                    x,
                    y,
                    text,
                    color=rgb(color),
                    fontsize=size,
                    verticalalignment=vertical,
                    horizontalalignment=horizontal,
                    fontfamily=family,
                    bbox=box,
                )

        self._image = drawn_on(self.get_image(), draw)
        return self

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Hand the config of the run to the back ends.

        Args:
            config: The config.
            kwargs: What a back end offers beyond.
        """
        self._tell("add_config", config, **kwargs)

    def add_image(self, name: str, image: Image, step: int = 0) -> None:
        """Hand a picture to the back ends.

        Args:
            name: The name of the picture.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
        """
        self._tell("add_image", name, image, step)

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Hand a number to the back ends.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: What a back end offers beyond.
        """
        self._tell("add_scalar", name, value, step, **kwargs)

    def add_scalars(
        self,
        scalar_dict: Mapping[str, SupportsFloat],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Hand several numbers to the back ends.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong.
            file_path: A file to write them to as well, where a back end writes files.
            kwargs: What a back end offers beyond.
        """
        self._tell("add_scalars", scalar_dict, step, file_path, **kwargs)

    def add_datasample(
        self,
        name: str,
        image: Image,
        data_sample: BaseDataElement | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        step: int = 0,
    ) -> None:
        """Draw the annotations and predictions of a sample side by side, for the back ends.

        Fields whose names start with `gt_` are annotations, with `pred_` predictions: maps of
        classes as colours, boxes of instances, labels as text. The names and colours of the classes
        come from `classes` and `palette` of `dataset_meta`.

        Args:
            name: The name of the picture.
            image: The image of the sample, RGB of shape (H, W, 3) or grey of shape (H, W).
            data_sample: The sample.
            draw_gt: Whether to draw annotations.
            draw_pred: Whether to draw predictions.
            step: The time to which the picture belongs.
        """
        data = {} if data_sample is None else dict(data_sample.items())
        panels = []
        for prefix, wanted in (("gt_", draw_gt), ("pred_", draw_pred)):
            fields = {key: value for key, value in data.items() if key.startswith(prefix)}
            if wanted and fields:
                self.set_image(image)
                draw_fields(self, fields)
                panels.append(self.get_image())
        self.set_image(np.concatenate(panels, axis=1) if panels else image)
        self.add_image(name, self.get_image(), step)

    def close(self) -> None:
        """Let the back ends finish what is pending."""
        self._tell("close")

    def _add_backend(
        self, given: Mapping[str, Any] | BaseVisBackend, save_dir: str | os.PathLike[str] | None
    ) -> None:
        if isinstance(given, Mapping):
            cfg = dict(given)
            name = cfg.pop("name", None)
            folder = {} if save_dir is None else {"save_dir": os.path.join(save_dir, "vis_data")}
            backend = VISBACKENDS.build(cfg, default_args=folder)
        else:
            name, backend = None, given
        name = name or type(backend).__name__
        if name in self._backends:
            raise ValueError(
                f"there are two visual back ends {name!r}; give one of them another name"
            )
        self._backends[name] = backend

    def _tell(self, method: str, *args: Any, **kwargs: Any) -> None:
        for name, backend in self._backends.items():
            try:
                getattr(backend, method)(*args, **kwargs)
            except Exception:
                if name not in self._failed:
                    self._failed.add(name)
                    logging.getLogger(__name__).exception(
                        "The visual back end %s failed in %s; the run goes on, and further "
                        "failures of it are not shown",
                        name,
                        method,
                    )


def _array(values: Array) -> npt.NDArray[Any]:
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy()
    return np.asarray(values)


def _each(option: Any, count: int) -> list[Any]:
    """Return an option for each of several things: a list as it is, anything else repeated."""
    return list(option) if isinstance(option, list) else [option] * count
