from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from mmalpha import DataSample
from mmalpha.models import (
    CrossEntropyLoss,
    GlobalAveragePooling,
    ImageClassifier,
    LinearClsHead,
    MultiLabelHead,
)
from mmalpha.registry import MODELS

MODEL: dict[str, Any] = dict(
    type="ImageClassifier",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[78.0], std=[96.0]),
    backbone=dict(type="ResNet", depth=18, in_channels=1, base_channels=4, stem="cifar"),
    neck=dict(type="GlobalAveragePooling"),
    head=dict(type="LinearClsHead", num_classes=10, in_channels=32),
)


def built() -> ImageClassifier:
    model = MODELS.build(MODEL)
    assert isinstance(model, ImageClassifier)
    return model.eval()


def labeled(*labels: int) -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in labels]


def test_pooling_is_the_mean_of_each_map() -> None:
    maps = (torch.rand(2, 3, 4, 5), torch.rand(2, 6, 1, 1))
    pooled = GlobalAveragePooling()(maps)
    torch.testing.assert_close(pooled[0], functional.adaptive_avg_pool2d(maps[0], 1).flatten(1))
    torch.testing.assert_close(pooled[1], maps[1].flatten(1))


def test_the_modes_agree() -> None:
    model, images = built(), torch.randn(3, 1, 8, 8)
    logits = model(images)
    losses = model(images, labeled(4, 0, 9), mode="loss")
    predictions = model(images, labeled(4, 0, 9), mode="predict")
    expected = functional.cross_entropy(logits, torch.tensor([4, 0, 9]))
    torch.testing.assert_close(losses["loss"], expected)
    torch.testing.assert_close(
        torch.stack([each.pred_score for each in predictions]), logits.softmax(1)
    )
    assert [each.pred_label.item() for each in predictions] == logits.argmax(1).tolist()
    assert [each.gt_label.item() for each in predictions] == [4, 0, 9]


def test_a_prediction_needs_no_data_samples() -> None:
    predictions = built()(torch.randn(2, 1, 8, 8), mode="predict")
    assert [set(each.keys()) for each in predictions] == [{"pred_score", "pred_label"}] * 2


def test_a_step_goes_from_a_batch_as_loaded_to_predictions() -> None:
    images = torch.randint(256, (2, 1, 8, 8), dtype=torch.uint8)
    model = built()
    batch = {"inputs": list(images), "data_samples": labeled(1, 2)}
    scores = torch.stack([each.pred_score for each in model.test_step(batch)])
    torch.testing.assert_close(scores, model((images.float() - 78) / 96).softmax(1))


def test_the_config_of_the_loss_counts() -> None:
    head = LinearClsHead(3, 4, loss=dict(type="CrossEntropyLoss", label_smoothing=0.2))
    feats = (torch.randn(2, 4),)
    expected = functional.cross_entropy(head(feats), torch.tensor([0, 2]), label_smoothing=0.2)
    torch.testing.assert_close(head.loss(feats, labeled(0, 2))["loss"], expected)


def test_half_precision_has_a_loss_in_full() -> None:
    head = LinearClsHead(3, 4).bfloat16()
    feats = (torch.randn(2, 4, dtype=torch.bfloat16),)
    assert head.loss(feats, labeled(0, 2))["loss"].dtype == torch.float32
    assert head.predict(feats)[0].pred_score.dtype == torch.float32


def test_a_model_without_a_neck() -> None:
    model = ImageClassifier(
        backbone=dict(type="GlobalAveragePooling"),
        head=dict(type="LinearClsHead", num_classes=2, in_channels=3),
    )
    assert model((torch.rand(4, 3, 2, 2),)).shape == (4, 2)


def test_a_normalization_before_the_layer() -> None:
    head = LinearClsHead(3, 4, norm=True)
    feats = torch.randn(2, 4)
    expected = head.fc(functional.layer_norm(feats, (4,), eps=1e-6))
    torch.testing.assert_close(head((feats,)), expected)


def test_images_of_several_classes() -> None:
    head = MultiLabelHead(3, 4)
    feats = (torch.randn(2, 4),)
    target = torch.tensor([[0.0, 1, 1], [0, 0, 0]])
    samples = [DataSample().set_gt_score(each) for each in target]
    expected = functional.binary_cross_entropy_with_logits(head(feats), target)
    torch.testing.assert_close(head.loss(feats, samples)["loss"], expected)
    predictions = head.predict(feats, samples)
    scores = torch.stack([each.pred_score for each in predictions])
    torch.testing.assert_close(scores, head(feats).sigmoid())
    assert predictions[0].keys() == ["gt_score", "pred_score"]
    assert [each.keys() for each in head.predict(feats)] == [["pred_score"]] * 2
    # Labels will do for images of one class.
    target = functional.one_hot(torch.tensor([2, 0]), 3).float()
    expected = functional.binary_cross_entropy_with_logits(head(feats), target)
    torch.testing.assert_close(head.loss(feats, labeled(2, 0))["loss"], expected)


@pytest.mark.parametrize("val_loss", [False, True])
def test_a_validation_may_report_its_loss(val_loss: bool) -> None:
    model: Any = MODELS.build({**MODEL, "val_loss": val_loss}).eval()
    images = torch.randint(256, (3, 1, 8, 8), dtype=torch.uint8)
    batch = {"inputs": list(images), "data_samples": labeled(1, 2, 3)}
    plain = model.test_step(batch)
    assert len(plain) == 3
    outputs = model.val_step(batch)
    for ours, theirs in zip(outputs, plain, strict=False):
        assert torch.equal(ours.pred_score, theirs.pred_score)
    assert len(outputs) == 3 + val_loss
    if val_loss:
        assert outputs[-1].keys() == ["loss"]
        assert outputs[-1].loss["loss"].item() == pytest.approx(model.loss_step(batch)["loss"])


def test_wrong_calls_are_told() -> None:
    model, images = built(), torch.zeros(1, 1, 8, 8)
    with pytest.raises(ValueError, match="mode is 'tensor', 'loss' or 'predict'; got 'train'"):
        model(images, mode="train")
    with pytest.raises(ValueError, match="a loss needs data_samples with their gt_label"):
        model(images, mode="loss")
    with pytest.raises(ValueError, match="a loss needs the gt_label or the gt_score of each data"):
        model(images, [DataSample()], mode="loss")
    with pytest.raises(ValueError, match="num_classes is at least 1; got 0"):
        LinearClsHead(0, 4)
    head = MultiLabelHead(2, 4)
    for feats in (torch.zeros(1, 5), torch.zeros(1, 4, 2, 2)):
        with pytest.raises(ValueError, match=r"MultiLabelHead takes vectors \(N, 4\)"):
            head((feats,))


@pytest.mark.parametrize("loss", ["BinaryCrossEntropyLoss", "FocalLoss", "CrossEntropyLoss"])
def test_probabilities_are_those_that_the_loss_learns(loss: str) -> None:
    head = LinearClsHead(3, 4, loss=dict(type=loss))
    feats = (torch.randn(2, 4),)
    scores = torch.stack([sample.pred_score for sample in head.predict(feats)])
    logits = head(feats)
    expected = logits.softmax(1) if loss == "CrossEntropyLoss" else logits.sigmoid()
    torch.testing.assert_close(scores, expected)


def test_one_class_has_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="CrossEntropyLoss compares classes: there is nothing to"):
        LinearClsHead(1, 4)
    assert LinearClsHead(1, 4, loss=dict(type="BinaryCrossEntropyLoss")).use_sigmoid


@pytest.mark.parametrize(
    ("backbone", "neck", "channels"),
    [
        (dict(type="ResNet", depth=50, base_channels=4), True, 128),
        (dict(type="VisionTransformer", arch="tiny", img_size=32), False, 192),
        (dict(type="timm.resnet18", in_channels=4), False, 512),
        (dict(type="timm.resnet18", in_chans=4), True, 512),
        (dict(type="TIMMBackbone", model_name="resnet18", in_chans=4), False, 512),
    ],
)
def test_the_channels_of_a_head_follow_from_what_comes_before(
    backbone: dict[str, Any], neck: bool, channels: int
) -> None:
    model = MODELS.build(
        dict(
            type="ImageClassifier",
            backbone=backbone,
            neck=dict(type="GlobalAveragePooling") if neck else None,
            head=dict(type="LinearClsHead", num_classes=3),
        ),
        expect=ImageClassifier,
    )
    assert model.head.fc.in_features == channels
    in_channels = 4 if "timm" in backbone["type"].lower() else 3
    assert model.eval()(torch.randn(2, in_channels, 32, 32)).shape == (2, 3)


def test_parts_may_be_modules() -> None:
    backbone = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    head = LinearClsHead(3, 4, loss=CrossEntropyLoss(loss_weight=2.0))
    model = ImageClassifier(backbone, head, neck=nn.Identity()).eval()
    images = torch.randn(2, 3, 8, 8)
    expected = 2 * functional.cross_entropy(model(images), torch.tensor([0, 2]))
    assert torch.equal(model(images, labeled(0, 2), mode="loss")["loss"], expected)
    with pytest.raises(
        ValueError, match="LinearClsHead needs in_channels, since what comes before"
    ):
        ImageClassifier(backbone, dict(type="LinearClsHead", num_classes=3))
