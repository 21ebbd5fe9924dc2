"""Transforms of torchvision on samples."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, get_args

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from engine.registry import TRANSFORMS

_IMAGE, _MASK, _VALUES = "img", "gt_seg_map", "gt_values"
_IGNORED = 255  # the default of the libraries' losses and metrics


class _Values(tv_tensors.Mask):  # type: ignore[misc]  # torchvision has no types
    """Numbers for each pixel, which move with the image as a mask does."""


_TYPES = {_IMAGE: (tv_tensors.Image, Tensor), _MASK: (tv_tensors.Mask,), _VALUES: (_Values,)}
_PIXELS = {_MASK: tv_tensors.Mask, _VALUES: _Values}

# Those that mix a batch, and those that make several images of one.
_OTHERS = frozenset({"CutMix", "MixUp", "FiveCrop", "TenCrop", "Transform"})


class TorchvisionTransform:
    """A transform of `torchvision.transforms.v2` on a sample.

    It is applied to `img`, a tensor `(C, H, W)`, and with the same draws to `gt_seg_map`, `(H, W)`,
    and `gt_values`, floats `(C, H, W)`, where a sample has them. In a config the name of the
    transform follows the prefix: `dict(type='torchvision.RandomCrop', size=28)`.

    What a config can't hold has a text in it: `policy='cifar10'` is the member of an enumeration,
    `dtype='float32'` that type of torch. Where torchvision takes a value for each type of input,
    the keys are those of the sample: `fill=dict(img=0, gt_seg_map=255)`. Without a `fill` for
    masks, what comes into them from outside is 255, which losses and metrics ignore, and NaN among
    `gt_values`. Configs of transforms within a transform are built.

    Args:
        name: The name of its class.
        **kwargs: Its arguments.

    Raises:
        ValueError: If a string means nothing.
        TypeError: If a transform within is none of torchvision.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        kind = transform_class(name)
        parameters = inspect.signature(kind).parameters
        annotations = {key: each.annotation for key, each in parameters.items()}
        arguments = {
            key: _argument(f"{key} of torchvision.{name}", value, annotations.get(key))
            for key, value in kwargs.items()
        }
        if "fill" in parameters:
            arguments["fill"] = _fill(arguments.get("fill", parameters["fill"].default))
        self.transform = kind(**arguments)

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Transform `img`, `gt_seg_map` and `gt_values`.

        Raises:
            KeyError: If there is no `img`.
        """
        if _IMAGE not in results:
            raise KeyError(
                f"{self!r} needs {_IMAGE!r}; the sample has {', '.join(results)}. "
                "A transform that reads the image comes first"
            )
        image = results[_IMAGE]
        pixels = {key: kind(results[key]) for key, kind in _PIXELS.items() if key in results}
        if not pixels:
            results[_IMAGE] = _plain(self.transform(image))
            return results
        changed = self.transform(tv_tensors.Image(image), *pixels.values())
        results.update(zip((_IMAGE, *pixels), map(_plain, changed), strict=True))
        return results

    def __repr__(self) -> str:
        return f"torchvision.{self.transform!r}"


def transform_names() -> Iterable[str]:
    """Return the names of the transforms that make one image of one."""
    return [
        name
        for name, value in vars(v2).items()
        if isinstance(value, type) and issubclass(value, v2.Transform) and name not in _OTHERS
    ]


def transform_class(name: str) -> Any:
    """Return the class of a transform.

    Args:
        name: Its name.
    """
    return getattr(v2, name)


def _fill(given: Any) -> dict[Any, Any]:
    """Return the fill of each type of input: that of masks is the label that is ignored."""
    fills = given if isinstance(given, Mapping) else dict.fromkeys(_TYPES[_IMAGE], given)
    return {tv_tensors.Mask: _IGNORED, _Values: math.nan, **fills}


def _plain(value: Any) -> Any:
    return value.as_subclass(Tensor) if isinstance(value, Tensor) else value


def _argument(where: str, value: Any, annotation: Any) -> Any:
    """Return what torchvision takes for a value of a config."""
    if isinstance(value, str):
        return _member_named(where, value, (annotation, *get_args(annotation)))
    if isinstance(value, Mapping) and "type" in value:
        return _build(where, value)
    if isinstance(value, Mapping):
        by_type: dict[Any, Any] = {}
        for key, each in value.items():
            kinds = _TYPES.get(key, (key,))
            by_type |= dict.fromkeys(kinds, _argument(where, each, annotation))
        return by_type
    if isinstance(value, (list, tuple)) and any(isinstance(each, Mapping) for each in value):
        return [_argument(where, each, None) for each in value]
    return value


def _member_named(where: str, value: str, kinds: Iterable[Any]) -> Any:
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Enum):
            members = [str(each.value) for each in kind]
            if value not in members:
                raise ValueError(f"{where} is one of {', '.join(members)}; got {value!r}")
            return kind(value)
        if kind is torch.dtype:
            found = getattr(torch, value, None)
            if not isinstance(found, torch.dtype):
                raise ValueError(f"{where} is a type of torch such as 'float32'; got {value!r}")
            return found
    return value


def _build(where: str, cfg: Mapping[str, Any]) -> Any:
    built = TRANSFORMS.build(cfg)
    if not isinstance(built, TorchvisionTransform):
        raise TypeError(f"{where}: expected a transform of torchvision; got {cfg['type']!r}")
    return built.transform
