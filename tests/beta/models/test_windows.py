"""Windows that slide over an image."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmbeta.models import EncoderDecoder
from mmbeta.models.segmentors.windows import slide, windows
from mmbeta.registry import MODELS

SIDES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(SIDES, SIDES, st.data())
def test_windows_cover_all_pixels_in_one_size(
    size: tuple[int, int], crop: tuple[int, int], data: st.DataObject
) -> None:
    stride = [data.draw(st.integers(1, side)) for side in crop]
    covered = torch.zeros(size, dtype=torch.int64)
    for rows, columns in windows(size, crop, stride):
        covered[rows, columns] += 1
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        assert shape == (min(crop[0], size[0]), min(crop[1], size[1]))
    assert covered.min() >= 1
    if stride == list(crop) and all(
        side % step == 0 for side, step in zip(size, crop, strict=True)
    ):
        assert covered.max() == 1


@given(SIDES, SIDES)
def test_the_mean_of_what_is_seen_twice_is_what_is_seen_once(
    size: tuple[int, int], crop: tuple[int, int]
) -> None:
    images = torch.rand(2, 3, *size)
    stride = [max(1, side // 2) for side in crop]

    def score(part: Tensor) -> Tensor:
        return torch.cat([part, 2 * part], 1)

    torch.testing.assert_close(slide(score, images, crop, stride), score(images))


def _model(**changes: Any) -> EncoderDecoder:
    backbone = dict(
        type="mmalpha.ResNet",
        depth=18,
        in_channels=1,
        base_channels=4,
        stem="cifar",
        out_indices=(0, 1, 2, 3),
    )
    head = dict(type="UNetHead", channels=4, num_classes=3)
    model = MODELS.build(
        dict(type="EncoderDecoder", backbone=backbone, decode_head=head, **changes)
    )
    assert isinstance(model, EncoderDecoder)
    return model.eval()


def test_one_window_is_the_whole() -> None:
    torch.manual_seed(0)
    whole = _model()
    slid = _model(test_cfg=dict(mode="slide", crop_size=(32, 40), stride=(16, 16)))
    slid.load_state_dict(whole.state_dict())
    images = torch.rand(2, 1, 32, 40)
    torch.testing.assert_close(slid.inference(images), whole(images))
    larger = torch.rand(1, 1, 50, 60)
    assert slid.inference(larger).shape == (1, 3, 50, 60)
    torch.testing.assert_close(
        slid.inference(larger)[..., :16, :16], whole(larger[..., :32, :40])[..., :16, :16]
    )


@pytest.mark.parametrize(
    ("test_cfg", "message"),
    [
        (dict(mode="slid"), "mode of test_cfg is 'whole' or 'slide'; got 'slid'"),
        (dict(mode="slide", crop_size=(8, 8)), "has crop_size, mode, stride; got mode, crop_size"),
        (
            dict(mode="slide", crop_size=(8, 8), stride=(4, 9)),
            r"stride of test_cfg is at most crop_size \(8, 8\)",
        ),
        (
            dict(mode="slide", crop_size=8, stride=(4, 4)),
            "crop_size of test_cfg is a height and a width in pixels; got 8",
        ),
    ],
)
def test_wrong_windows_are_told(test_cfg: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _model(test_cfg=test_cfg)
