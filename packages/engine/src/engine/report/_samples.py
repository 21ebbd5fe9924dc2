"""Samples of any dataset, as they are shown and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from engine.dataset import origin_of
from engine.structures import BaseDataElement, InstanceData, LabelData, PixelData

from ._report import Pixels

Array = npt.NDArray[Any]

UNDONE = "a normalization is undone"
SPREAD = "values are spread over their range"


class NoImageError(ValueError):
    """A sample has no image."""


class Norm(NamedTuple):
    """What a normalization took from each channel, and divided by."""

    mean: Array
    std: Array


@dataclass(frozen=True)
class Sample:
    """What is known of a sample.

    Attributes:
        image: The image, `(H, W, C)`.
        labels: The classes of the image; None if it has no labels.
        mask: The class of each pixel, `(H, W)`.
        boxes: Left, top, right and bottom of boxes, `(N, 4)`.
        box_labels: The class of each box.
        path: The file of the image.
        mask_path: The file of the mask.
        norm: How the image was normalized, if the sample says so.
    """

    image: Array
    labels: tuple[int, ...] | None = None
    mask: Array | None = None
    boxes: Array | None = None
    box_labels: tuple[int, ...] = ()
    path: str | None = None
    mask_path: str | None = None
    norm: Norm | None = None


def sample_of(data: Any, where: str) -> Sample:
    """Read what a dataset or a transform returned.

    Args:
        data: A dictionary with `inputs`, a tensor `(C, H, W)`, or `img`, such a tensor or an array
            `(H, W, C)` or `(H, W)`. Annotations are its `data_samples`, or keys that begin with
            `gt_`.
        where: What an error calls the sample.

    Raises:
        NoImageError: If there is no image.
    """
    facts: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    image = _pixels(facts.get("inputs", facts.get("img")))
    if image is None:
        has = ", ".join(map(str, facts)) if facts else f"a {type(data).__name__}"
        raise NoImageError(
            f"{where} has no image: expected 'inputs', a tensor (C, H, W), or 'img'; it has {has}"
        )
    packed = facts.get("data_samples")
    meta: Mapping[str, Any] = facts
    if isinstance(packed, BaseDataElement):
        meta, facts = packed.metainfo, dict(packed.items())
    elif isinstance(packed, Mapping):
        meta = facts = packed
    elif packed is not None:
        facts = {"gt_label": packed}
    norm = meta.get("img_norm_cfg")
    return Sample(
        image,
        path=_text(meta.get("img_path")),
        mask_path=_text(meta.get("seg_map_path")),
        norm=None if norm is None else Norm(_numbers(norm["mean"]), _numbers(norm["std"])),
        **_annotations(facts),
    )


def loaded_sample(dataset: Any, index: int, where: str) -> tuple[Sample, bool]:
    """Return a sample as it is loaded: without the transforms that change it, where that is known.

    Those transforms run that it takes until there is an image, and further ones whose names begin
    with `Load`.

    Args:
        dataset: The dataset.
        index: The index.
        where: What an error calls the sample.

    Returns:
        The sample, and whether it is without transforms.

    Raises:
        NoImageError: If it has no image.
    """
    for step, data in steps_of(dataset, index):
        if isinstance(data, Mapping) and "img" in data and not _loads_more(step):
            return sample_of(data, where), True
    dataset, index = origin_of(dataset, index)
    return sample_of(dataset[index], where), False


def steps_of(dataset: Any, index: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Run the pipeline of a dataset for a sample, step by step.

    Args:
        dataset: The dataset, or a wrapper of it.
        index: The index of the sample.

    Yields:
        Each transform that comes next, and what it is given; at last None, and what the pipeline
        returns. Nothing, if the dataset has no pipeline.

    Raises:
        ValueError: If a transform gives the sample up.
    """
    dataset, index = origin_of(dataset, index)
    if not pipeline_of(dataset) and not hasattr(dataset, "get_data_info"):
        return
    data = dataset.get_data_info(index)
    for step in pipeline_of(dataset):
        yield step, data
        data = step(data)
        if data is None:
            raise ValueError(f"{name_of(step)} gives the sample up")
    yield None, data


def pipeline_of(dataset: Any) -> Sequence[Any]:
    """Return the transforms of a dataset, if it has a pipeline as `BaseDataset` does.

    Args:
        dataset: The dataset, which is no wrapper.
    """
    steps: Sequence[Any] = getattr(getattr(dataset, "pipeline", None), "transforms", ())
    return steps if hasattr(dataset, "get_data_info") else ()


def name_of(step: Any) -> str:
    """Return the name of a transform.

    Args:
        step: The transform, or one of torchvision within.
    """
    inner = getattr(step, "transform", step)
    return str(getattr(inner, "__name__", type(inner).__name__))  # a function has a name of its own


def norm_of(steps: Sequence[Any]) -> Norm | None:
    """Return the normalization that is among transforms, if there is one.

    Args:
        steps: The transforms.
    """
    for step in steps:
        inner = getattr(step, "transform", step)
        if "normalize" in type(inner).__name__.lower() and getattr(inner, "mean", None) is not None:
            return Norm(_numbers(inner.mean), _numbers(inner.std))
    return None


def shown(image: Array, norm: Norm | None = None, is_bgr: bool = False) -> tuple[Pixels, str]:
    """Return an image for the eye, and what had to be done to it.

    Args:
        image: The image, `(H, W, C)`. Of several channels the first three are shown, or the first
            where there are two.
        norm: The normalization to undo.
        is_bgr: Whether its channels are blue, green and red.

    Returns:
        RGB `(H, W, 3)`, and a phrase, which is empty if nothing was done.
    """
    values, done = image, ""
    if norm is not None and len(norm.mean) in (1, image.shape[2]):
        # Of numbers from 0 to 1, all means are; of those to 255, none is.
        scale = 255 if float(norm.mean.max()) <= 1 else 1
        values, done = (image * norm.std + norm.mean) * scale, UNDONE
    values = values[..., : 3 if values.shape[2] > 2 else 1]
    if done:
        values = values.clip(0, 255).round()
    elif values.dtype == bool:
        values = values * 255
    elif values.dtype != np.uint8:
        values, done = _spread(values), SPREAD
    pixels = values.astype(np.uint8)[..., :: -1 if is_bgr else 1]
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))), done


def _spread(values: Array) -> Array:
    finite = np.nan_to_num(values.astype(np.float64), nan=0, posinf=0, neginf=0)
    least, most = finite.min(), finite.max()
    spread: Array = ((finite - least) * (255 / max(most - least, 1e-12))).round()
    return spread


def _loads_more(step: Any) -> bool:
    return type(step).__name__.startswith("Load")


def _pixels(value: Any) -> Array | None:
    """Return an image as an array `(H, W, C)`, or None if it is none."""
    if isinstance(value, (list, tuple)) and value:  # views of an image; the first is shown
        return _pixels(value[0])
    if value is None or isinstance(value, (str, bytes, int, float)):
        return None
    if isinstance(value, Tensor):
        array = value.detach().cpu().numpy()
        array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    else:
        array = np.asarray(value)
    array = array[..., None] if array.ndim == 2 else array
    is_image = array.ndim == 3 and array.size and array.dtype.kind in "buif"
    return array if is_image else None


def _annotations(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a `Sample` that its annotations are."""
    found: dict[str, Any] = {}
    for key, value in facts.items():
        if not str(key).startswith("gt_"):
            continue
        if isinstance(value, PixelData):
            maps = [_array(each) for each in value.values()]
            fitting = [each[0] for each in maps if len(each) == 1 and each.dtype.kind in "biu"]
            found |= {"mask": fitting[0]} if fitting else {}
        elif isinstance(value, InstanceData):
            found |= _boxes(value.get("bboxes"), value.get("labels"))
        elif isinstance(value, LabelData):
            found |= _labels(value.get("label"), value.get("score"))
        elif key == "gt_seg_map":
            found["mask"] = _class_map(value)
    if facts.get("gt_bboxes") is not None:
        found |= _boxes(facts["gt_bboxes"], facts.get("gt_bboxes_labels", facts.get("gt_labels")))
    label, score = facts.get("gt_label"), facts.get("gt_score")
    return found | _labels(*(None if isinstance(v, LabelData) else v for v in (label, score)))


def _class_map(value: Any) -> Array | None:
    """Return a map of classes as integers `(H, W)`; None if its numbers are no classes."""
    numbers = np.squeeze(_array(value))
    with np.errstate(invalid="ignore"):  # NaN
        whole = numbers.astype(np.int64)
    return whole if whole.ndim == 2 and (whole == numbers).all() else None


def _labels(label: Any, score: Any) -> dict[str, Any]:
    if label is not None:
        numbers = _array(label).ravel()
        if numbers.dtype.kind in "biu":
            return {"labels": tuple(numbers.tolist())}
    if score is not None:
        return {"labels": tuple(np.flatnonzero(_array(score)).tolist())}
    return {}


def _boxes(boxes: Any, labels: Any) -> dict[str, Any]:
    if boxes is None:
        return {}
    corners = _array(getattr(boxes, "tensor", boxes)).reshape(-1, 4)
    numbers = () if labels is None else tuple(int(each) for each in _array(labels).ravel())
    if labels is not None and len(numbers) != len(corners):
        raise ValueError(f"there are {len(corners)} boxes and {len(numbers)} labels of boxes")
    return {"boxes": corners, "box_labels": numbers}


def _array(value: Any) -> Array:
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)


def _numbers(values: Any) -> Array:
    return np.atleast_1d(_array(values).astype(np.float64).squeeze())


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
