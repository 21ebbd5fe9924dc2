"""Transforms of torchvision in a pipeline."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms import v2

from engine.dataset import Compose
from engine.registry import (
    TORCHVISION_TRANSFORM_REGISTRY,
    TRANSFORMS,
    BuildTypeError,
    NotRegisteredError,
)

Probe = Callable[[str], str]


def built(name: str, **arguments: Any) -> Any:
    return TRANSFORMS.build(dict(type=f"torchvision.{name}", **arguments))


def image_of(height: int = 8, width: int = 6) -> Tensor:
    """An image of which each pixel has a value of its own in the first channel."""
    first = torch.arange(height * width, dtype=torch.uint8).reshape(1, height, width)
    return torch.cat([first, 255 - first, first // 2])


def test_the_names_are_those_of_the_classes() -> None:
    names = set(TORCHVISION_TRANSFORM_REGISTRY)
    assert {"Resize", "RandomResizedCrop", "ColorJitter", "RandomApply", "Normalize"} <= names
    assert names.isdisjoint({"CutMix", "FiveCrop", "InterpolationMode", "Transform"})
    assert "torchvision.Resize" in TRANSFORMS
    with pytest.raises(NotRegisteredError, match="has no 'Resise'; did you mean 'Resize'"):
        built("Resise", size=3)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandomResizedCrop", dict(size=(5, 4))),
        ("RandomHorizontalFlip", {}),
        ("ColorJitter", dict(brightness=0.5, hue=0.2)),
        ("TrivialAugmentWide", {}),
        ("RandomErasing", dict(p=1.0)),
    ],
)
def test_torchvision_itself_gives_the_same(name: str, arguments: dict[str, Any]) -> None:
    ours, theirs = built(name, **arguments), getattr(v2, name)(**arguments)
    for seed in range(5):
        torch.manual_seed(seed)
        expected = theirs(image_of())
        torch.manual_seed(seed)
        got = ours({"img": image_of(), "gt_label": 3})
        assert torch.equal(got["img"], expected)
        assert type(got["img"]) is Tensor
        assert got["gt_label"] == 3


@given(st.integers(0, 2**32 - 1))
def test_a_mask_moves_with_its_image(seed: int) -> None:
    torch.manual_seed(seed)
    image = image_of(16, 12)
    same = dict(img=0, gt_seg_map=0)
    pipeline = Compose(
        [
            dict(type="torchvision.RandomCrop", size=(8, 10), padding=2, fill=same),
            dict(type="torchvision.RandomHorizontalFlip"),
            dict(type="torchvision.RandomVerticalFlip"),
            dict(type="torchvision.RandomRotation", degrees=(90, 90), fill=same),
        ]
    )
    results = pipeline({"img": image, "gt_seg_map": image[0].clone()})
    assert type(results["img"]) is type(results["gt_seg_map"]) is Tensor
    assert torch.equal(results["gt_seg_map"], results["img"][0])


def test_a_mask_keeps_its_labels() -> None:
    mask = torch.tensor([[0, 7], [7, 255]], dtype=torch.uint8)
    results = {"img": image_of(2, 2), "gt_seg_map": mask}
    enlarged = built("Resize", size=(9, 9))(dict(results))
    assert set(enlarged["gt_seg_map"].unique().tolist()) == {0, 7, 255}
    jittered = built("ColorJitter", brightness=(0.5, 0.5))(dict(results))
    assert torch.equal(jittered["gt_seg_map"], mask)
    assert not torch.equal(jittered["img"], results["img"])


def test_values_by_key_of_the_sample() -> None:
    pad = built("Pad", padding=1, fill=dict(img=9, gt_seg_map=255))
    results = pad({"img": image_of(), "gt_seg_map": image_of()[0]})
    assert results["img"][:, 0].unique().tolist() == [9]
    assert results["gt_seg_map"][0].unique().tolist() == [255]
    assert pad({"img": image_of()})["img"][:, 0].unique().tolist() == [9]


def test_texts_stand_for_what_a_config_can_not_hold() -> None:
    resized = built("Resize", size=(4, 4), interpolation="nearest")
    expected = v2.Resize((4, 4), v2.InterpolationMode.NEAREST)(image_of())
    assert torch.equal(resized({"img": image_of()})["img"], expected)
    policy = built("AutoAugment", policy="cifar10").transform.policy
    assert policy is v2.AutoAugmentPolicy.CIFAR10
    scaled = built("ToDtype", dtype="float32", scale=True)({"img": image_of()})["img"]
    torch.testing.assert_close(scaled, image_of() / 255)
    with pytest.raises(ValueError, match=r"policy of .* is one of imagenet, cifar10, svhn; got"):
        built("AutoAugment", policy="cifar")
    with pytest.raises(ValueError, match=r"dtype of torchvision\.ToDtype is a type of torch"):
        built("ToDtype", dtype="float23")


def test_transforms_within_a_transform() -> None:
    flip = dict(type="torchvision.RandomHorizontalFlip", p=1.0)
    applied = built("RandomApply", transforms=[flip], p=1.0)
    assert torch.equal(applied({"img": image_of()})["img"], image_of().flip(-1))
    chosen = built("RandomChoice", transforms=[flip, flip])
    assert torch.equal(chosen({"img": image_of()})["img"], image_of().flip(-1))
    message = r"transforms of torchvision\.RandomApply: expected a transform of torchvision; got"
    with pytest.raises(TypeError, match=message):
        built("RandomApply", transforms=[dict(type="mmalpha.RandomFlip")])


def test_a_wrong_keyword_is_told_before_the_call() -> None:
    with pytest.raises(BuildTypeError, match=r"has no argument 'siz'; did you mean 'size'"):
        built("RandomCrop", siz=3)


def test_a_sample_without_an_image_is_told() -> None:
    with pytest.raises(KeyError, match=r"Resize\(.*needs 'img'; the sample has img_path"):
        built("Resize", size=3)({"img_path": "a.png"})


def test_workers_that_are_spawned_get_it() -> None:
    again = pickle.loads(pickle.dumps(built("CenterCrop", size=(2, 2))))  # noqa: S301
    assert again({"img": image_of()})["img"].shape == (3, 2, 2)
    assert "CenterCrop" in repr(again)


def test_torchvision_is_imported_when_it_is_asked(probe_with_torch: Probe) -> None:
    code = (
        "import sys; from engine.dataset import *; from engine.registry import TRANSFORMS;"
        "'NoSuchTransform' in TRANSFORMS; print('torchvision' in sys.modules)"
    )
    assert probe_with_torch(code).strip() == "False"


def test_without_torchvision_the_error_says_what_to_install(probe_with_torch: Probe) -> None:
    code = """
import sys
sys.modules['torchvision'] = None
from engine.registry import TRANSFORMS
try:
    TRANSFORMS.build(dict(type='torchvision.Resize', size=3))
except KeyError as error:
    print(error)
"""
    expected = "torchvision is not installed. Install it: pip install 'engine[torchvision]'"
    assert probe_with_torch(code).strip() == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandomRotation", dict(degrees=(45, 45))),
        ("RandomAffine", dict(degrees=0, translate=(0.5, 0.5), fill=9)),
        ("RandomPerspective", dict(p=1.0)),
        ("Pad", dict(padding=3)),
    ],
)
def test_what_comes_into_a_mask_is_ignored(name: str, arguments: dict[str, Any]) -> None:
    torch.manual_seed(1)
    sample = {"img": torch.full((3, 9, 9), 100, dtype=torch.uint8)}
    mask = torch.ones(9, 9, dtype=torch.uint8)
    results = built(name, **arguments)({**sample, "gt_seg_map": mask})
    assert set(results["gt_seg_map"].unique().tolist()) == {1, 255}
    assert arguments.get("fill", 0) in results["img"].unique().tolist()
    own = built(name, **{**arguments, "fill": dict(img=0, gt_seg_map=7)})
    assert set(own({**sample, "gt_seg_map": mask})["gt_seg_map"].unique().tolist()) == {1, 7}


@pytest.mark.parametrize(
    "cfg",
    [
        dict(type="torchvision.RandomHorizontalFlip", p=1.0),
        dict(type="torchvision.RandomRotation", degrees=(90, 90)),
        dict(type="torchvision.RandomCrop", size=6, padding=2),
    ],
)
def test_numbers_of_pixels_move_with_the_image(cfg: dict[str, Any]) -> None:
    image = torch.arange(1.0, 65).reshape(1, 8, 8)
    found = TRANSFORMS.build(cfg)({"img": image, "gt_values": image.clone()})
    assert type(found["gt_values"]) is torch.Tensor
    known = ~found["gt_values"].isnan()
    assert torch.equal(found["gt_values"][known], found["img"][known])
    assert (found["img"][~known] == 0).all()
