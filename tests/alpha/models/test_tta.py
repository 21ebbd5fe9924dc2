"""Test-time augmentation of a classifier."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mmalpha.registry import MODELS
from mmalpha.structures import DataSample


def model_of(**head: Any) -> Any:
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type="ImageClassifier",
            backbone=dict(type="ResNet", depth=18, base_channels=4, in_channels=1, stem="cifar"),
            neck=dict(type="GlobalAveragePooling"),
            head=dict(dict(type="LinearClsHead", num_classes=3, in_channels=32), **head),
        )
    ).eval()


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "BinaryCrossEntropyLoss"])
def test_the_scores_are_the_mean_of_an_image_and_its_mirror_image(loss: str) -> None:
    model = model_of(loss=dict(type=loss))
    images = torch.rand(2, 1, 8, 8)
    samples = [DataSample(metainfo={"img_path": name}) for name in "ab"]
    tta: Any = MODELS.build(dict(type="ClsTTAModel", module=model))
    merged = tta.test_step(dict(inputs=images, data_samples=samples))
    plain, mirrored = (model.test_step(dict(inputs=each)) for each in (images, images.flip(-1)))
    for got, one, other in zip(merged, plain, mirrored, strict=True):
        torch.testing.assert_close(got.pred_score, (one.pred_score + other.pred_score) / 2)
        assert got.pred_label == got.pred_score.argmax()
    assert [each.img_path for each in merged] == ["a", "b"]


def test_mirrored_images_get_the_same_prediction() -> None:
    tta: Any = MODELS.build(dict(type="ClsTTAModel", module=model_of(type="MultiLabelHead")))
    images = torch.rand(2, 1, 8, 8)
    for one, other in zip(
        tta.test_step(dict(inputs=images)), tta.test_step(dict(inputs=images.flip(-1))), strict=True
    ):
        torch.testing.assert_close(one.pred_score, other.pred_score)
