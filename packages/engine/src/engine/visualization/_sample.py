"""Drawing of the fields of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from engine.structures import InstanceData, LabelData, PixelData

from ._drawing import ImageDrawer
from .utils import Color

Meta = Mapping[str, Any]

# Okabe and Ito's colors, which people with any kind of color vision can tell apart.
_PALETTE: tuple[Color, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
    (120, 120, 120),
)


# Behind texts, so that they can be read on any image.
_TEXT_BOX = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1}


def draw_fields(drawer: ImageDrawer, fields: Mapping[str, Any], meta: Meta) -> None:
    """Draw fields of a sample on an image, maps below all else.

    Args:
        drawer: The image.
        fields: The fields by their names. What can't be drawn is left out.
        meta: The names and colors of the classes, under `classes` and `palette`.
    """
    for value in sorted(fields.values(), key=lambda value: not isinstance(value, PixelData)):
        if isinstance(value, PixelData):
            _draw_maps(drawer, value, meta)
        elif isinstance(value, InstanceData):
            _draw_instances(drawer, value, meta)
        elif isinstance(value, LabelData) and "label" in value:
            _draw_label(drawer, value.label, meta)
        elif isinstance(value, torch.Tensor | np.ndarray | int):
            _draw_label(drawer, value, meta)


def _draw_maps(drawer: ImageDrawer, maps: PixelData, meta: Meta) -> None:
    """Draw the maps of classes; maps of scores are left out."""
    # Without names, all that fit into a byte but the last: 255 marks pixels of no class.
    class_count = len(meta.get("classes") or range(255))
    for value in maps.cpu().numpy().values():
        if len(value) != 1 or not np.issubdtype(value.dtype, np.integer):
            continue
        classes = [c for c in np.unique(value).tolist() if 0 <= c < class_count]
        if classes:
            masks = np.stack([value[0] == c for c in classes])
            colors = [_color(meta, c) for c in classes]
            drawer.draw_binary_masks(masks, colors, alphas=0.6)


def _draw_instances(drawer: ImageDrawer, instances: InstanceData, meta: Meta) -> None:
    if "bboxes" not in instances or len(instances) == 0:
        return
    labels = _numbers(instances.get("labels", [0] * len(instances)))
    colors = [_color(meta, label) for label in labels]
    drawer.draw_bboxes(instances.bboxes, edge_colors=colors)
    if "labels" in instances:
        names = [_name(meta, label) for label in labels]
        drawer.draw_texts(names, instances.bboxes[:, :2], colors="w", bboxes=_TEXT_BOX)


def _draw_label(drawer: ImageDrawer, label: Any, meta: Meta) -> None:
    names = ", ".join(_name(meta, number) for number in _numbers(label))
    drawer.draw_texts(names, np.array([2, 2]), colors="w", bboxes=_TEXT_BOX)


def _numbers(values: Any) -> list[int]:
    array = values.cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    return [int(number) for number in array.ravel()]


def _name(meta: Meta, label: int) -> str:
    classes = meta.get("classes") or ()
    return str(classes[label]) if 0 <= label < len(classes) else str(label)


def _color(meta: Meta, label: int) -> Color:
    palette = meta.get("palette") or _PALETTE
    color = palette[label % len(palette)]
    return color if isinstance(color, str) else tuple(color)
