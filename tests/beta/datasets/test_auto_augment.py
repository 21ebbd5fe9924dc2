"""RandAugment and TrivialAugment with masks, held against those of torchvision."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms import v2

from mmbeta.registry import TRANSFORMS

SEEDS = st.integers(0, 2**31)
KINDS = {
    "RandAugment": dict(num_ops=3, magnitude=20),
    "TrivialAugmentWide": dict(num_magnitude_bins=20),
}


def image_of(seed: int, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (channels, 20, 30), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("name", KINDS)
@given(seed=SEEDS, channels=st.sampled_from([1, 3]))
def test_the_image_is_that_of_torchvision(name: str, seed: int, channels: int) -> None:
    image = image_of(seed, channels)
    ours = TRANSFORMS.build(dict(type=f"mmbeta.{name}", **KINDS[name]))
    torch.manual_seed(seed)
    got = ours(dict(img=image))["img"]
    torch.manual_seed(seed)
    assert torch.equal(got, getattr(v2, name)(**KINDS[name])(image))


@pytest.mark.parametrize("name", KINDS)
@given(seed=SEEDS)
def test_the_mask_moves_with_the_image(name: str, seed: int) -> None:
    # An image of two values that no change of colors confuses.
    mask = (image_of(seed)[0] > 127).to(torch.uint8)
    image = (mask * 200 + 25).expand(3, -1, -1)
    transform: Any = TRANSFORMS.build(dict(type=f"mmbeta.{name}", **KINDS[name]))
    torch.manual_seed(seed)
    moved = transform(dict(img=image, gt_seg_map=mask.clone()))
    kept = moved["gt_seg_map"]
    assert set(kept.unique().tolist()) <= {0, 1, 255}
    torch.manual_seed(seed)
    labels = transform(dict(img=image, gt_seg_map=torch.arange(600).reshape(20, 30)))["gt_seg_map"]
    # Each pixel of the mask comes from where that of the labels comes from, or from outside.
    inside = kept != 255
    assert torch.equal(kept[inside], mask.flatten()[labels[inside]])
    assert (labels[~inside] == 255).all()


def test_without_a_mask_and_with_no_operation() -> None:
    image = image_of(0)
    nothing = TRANSFORMS.build(dict(type="mmbeta.RandAugment", num_ops=0))
    assert torch.equal(nothing(dict(img=image))["img"], image)


@pytest.mark.parametrize(
    "options", [dict(num_ops=-1), dict(magnitude=31), dict(num_magnitude_bins=1)]
)
def test_wrong_numbers(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="RandAugment"):
        TRANSFORMS.build(dict(type="mmbeta.RandAugment", **options))
