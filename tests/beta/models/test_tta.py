"""Test-time augmentation of a segmentor."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mmbeta.registry import MODELS
from mmbeta.structures import SegDataSample


def model_of(num_classes: int) -> Any:
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type="EncoderDecoder",
            backbone=dict(type="mmalpha.ResNet", depth=18, base_channels=4, in_channels=1),
            decode_head=dict(type="FCNHead", channels=8, num_classes=num_classes, in_channels=32),
        )
    ).eval()


def masks(model: Any, images: Tensor) -> list[Tensor]:
    samples = [SegDataSample(metainfo=dict(ori_shape=(40, 30))) for _ in images]
    predicted = model.test_step(dict(inputs=images, data_samples=samples))
    return [each.pred_sem_seg.data for each in predicted]


@pytest.mark.parametrize("num_classes", [1, 3])
def test_one_view_is_the_prediction_itself(num_classes: int) -> None:
    model, images = model_of(num_classes), torch.rand(2, 1, 64, 64)
    tta: Any = MODELS.build(dict(type="SegTTAModel", module=model, flip=False))
    for got, plain in zip(masks(tta, images), masks(model, images), strict=True):
        assert got.shape == (1, 40, 30)
        assert (got == plain).float().mean() > 0.99


@pytest.mark.parametrize("num_classes", [1, 3])
def test_a_mirrored_image_gets_the_mirrored_mask(num_classes: int) -> None:
    images = torch.rand(2, 1, 64, 64)
    tta: Any = MODELS.build(
        dict(type="SegTTAModel", module=model_of(num_classes), scales=(0.5, 1.0, 1.5))
    )
    for one, other in zip(masks(tta, images), masks(tta, images.flip(-1)), strict=True):
        assert (one == other.flip(-1)).float().mean() > 0.99


def test_the_probabilities_are_averaged() -> None:
    model, images = model_of(3), torch.rand(1, 1, 32, 32)
    tta: Any = MODELS.build(dict(type="SegTTAModel", module=model))
    with torch.no_grad():
        views = model(images).softmax(1), model(images.flip(-1)).flip(-1).softmax(1)
    (got,) = tta.test_step(dict(inputs=images))
    assert torch.equal(got.pred_sem_seg.data, sum(views).argmax(1))


def test_wrong_scales() -> None:
    for scales in ((), (1.0, 0.0)):
        with pytest.raises(ValueError, match="scales of SegTTAModel are positive"):
            MODELS.build(dict(type="SegTTAModel", module=model_of(2), scales=scales))
