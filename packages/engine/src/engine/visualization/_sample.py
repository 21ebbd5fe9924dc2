"""How the fields of a sample are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.structures import InstanceData, LabelData, PixelData

from .utils import Color

if TYPE_CHECKING:
    from ._visualizer import Visualizer

# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
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


def draw_fields(visualizer: Visualizer, fields: Mapping[str, Any]) -> None:
    """Draw fields of a sample on the image of a visualizer, maps below all else.

    Args:
        visualizer: The visualizer, whose `dataset_meta` names and colours the classes.
        fields: The fields by their names. What can't be drawn is left out.
    """
    for value in sorted(fields.values(), key=lambda value: not isinstance(value, PixelData)):
        if isinstance(value, PixelData):
            _draw_maps(visualizer, value)
        elif isinstance(value, InstanceData):
            _draw_instances(visualizer, value)
        elif isinstance(value, LabelData) and "label" in value:
            _draw_label(visualizer, value.label)
        elif isinstance(value, torch.Tensor | np.ndarray | int):
            _draw_label(visualizer, value)


def _draw_maps(visualizer: Visualizer, maps: PixelData) -> None:
    """Draw the maps of classes; maps of scores are left out."""
    for value in maps.cpu().numpy().values():
        if len(value) != 1 or not np.issubdtype(value.dtype, np.integer):
            continue
        classes = [c for c in np.unique(value).tolist() if 0 <= c < _class_count(visualizer)]
        if classes:
            masks = np.stack([value[0] == c for c in classes])
            colors = [_color(visualizer, c) for c in classes]
            visualizer.draw_binary_masks(masks, colors, alphas=0.6)


def _draw_instances(visualizer: Visualizer, instances: InstanceData) -> None:
    if "bboxes" not in instances or len(instances) == 0:
        return
    labels = _numbers(instances.get("labels", [0] * len(instances)))
    colors = [_color(visualizer, label) for label in labels]
    visualizer.draw_bboxes(instances.bboxes, edge_colors=colors)
    if "labels" in instances:
        names = [_name(visualizer, label) for label in labels]
        visualizer.draw_texts(names, instances.bboxes[:, :2], colors="w", bboxes=_TEXT_BOX)


def _draw_label(visualizer: Visualizer, label: Any) -> None:
    names = ", ".join(_name(visualizer, number) for number in _numbers(label))
    visualizer.draw_texts(names, np.array([2, 2]), colors="w", bboxes=_TEXT_BOX)


def _numbers(values: Any) -> list[int]:
    array = values.cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    return [int(number) for number in array.ravel()]


def _class_count(visualizer: Visualizer) -> int:
    """Return the number of classes; without names, all that fit into a byte but the last."""
    classes = visualizer.dataset_meta.get("classes")
    return len(classes) if classes else 255  # 255 marks pixels that belong to no class


def _name(visualizer: Visualizer, label: int) -> str:
    classes = visualizer.dataset_meta.get("classes") or ()
    return str(classes[label]) if 0 <= label < len(classes) else str(label)


def _color(visualizer: Visualizer, label: int) -> Color:
    palette = visualizer.dataset_meta.get("palette") or _PALETTE
    color = palette[label % len(palette)]
    return color if isinstance(color, str) else tuple(color)
