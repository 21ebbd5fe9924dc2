"""The losses, held against those of other libraries and closed forms."""

from __future__ import annotations

from typing import Any

import pytest
import segmentation_models_pytorch as smp
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import jaccard_score
from torch import Tensor
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from mmbeta.models import CrossEntropyLoss, DiceLoss, FocalLoss, LovaszLoss
from mmbeta.registry import MODELS

CLASSES = 4
LOSSES = ("CrossEntropyLoss", "DiceLoss", "FocalLoss", "LovaszLoss")
SEEDS = st.integers(0, 2**31)


def drawn(seed: int, classes: int = CLASSES, ignored: float = 0.2) -> tuple[Tensor, Tensor]:
    """Return logits and labels with all classes and some pixels that don't count."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, classes, 6, 5, generator=generator)
    target = torch.randint(classes, (2, 6, 5), generator=generator)
    target[torch.rand(target.shape, generator=generator) < ignored] = 255
    target[:, 0, :classes] = torch.arange(classes)
    return logits, target


@given(SEEDS, st.booleans())
def test_cross_entropy_is_that_of_torch(seed: int, weighted: bool) -> None:
    logits, target = drawn(seed)
    weight = [0.5, 1.0, 2.0, 0.1] if weighted else None
    expected = functional.cross_entropy(
        logits, target, None if weight is None else torch.tensor(weight), ignore_index=255
    )
    torch.testing.assert_close(CrossEntropyLoss(class_weight=weight)(logits, target), expected)


@given(SEEDS)
def test_dice_is_that_of_smp(seed: int) -> None:
    logits, target = drawn(seed)
    theirs = smp.losses.DiceLoss("multiclass", ignore_index=255)
    torch.testing.assert_close(DiceLoss()(logits, target), theirs(logits, target))


@given(SEEDS, st.floats(0, 5))
def test_focal_with_two_classes_is_that_of_torchvision(seed: int, gamma: float) -> None:
    logits, target = drawn(seed, classes=2, ignored=0)
    margin = logits[:, 1] - logits[:, 0]
    expected = sigmoid_focal_loss(margin, target.float(), -1, gamma, "mean")
    torch.testing.assert_close(FocalLoss(gamma)(logits, target), expected, rtol=1e-4, atol=1e-6)


@given(SEEDS)
def test_focal_without_focus_is_cross_entropy(seed: int) -> None:
    logits, target = drawn(seed)
    weight = [0.5, 1.0, 2.0, 0.1]
    torch.testing.assert_close(
        FocalLoss(0, weight)(logits, target), CrossEntropyLoss(weight)(logits, target)
    )


@given(SEEDS, st.booleans())
def test_lovasz_is_that_of_smp(seed: int, per_image: bool) -> None:
    logits, target = drawn(seed)
    theirs = smp.losses.LovaszLoss("multiclass", per_image=per_image, ignore_index=255)
    torch.testing.assert_close(
        LovaszLoss(per_image=per_image)(logits, target), theirs(logits, target)
    )


@given(SEEDS)
def test_lovasz_of_certain_predictions_is_what_the_overlap_misses(seed: int) -> None:
    logits, target = drawn(seed, ignored=0)
    certain = functional.one_hot(logits.argmax(1), CLASSES).movedim(-1, 1).float() * 1e4
    overlap = jaccard_score(target.flatten(), certain.argmax(1).flatten(), average="macro")
    assert LovaszLoss("all")(certain, target).item() == pytest.approx(1 - overlap, abs=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_pixels_to_ignore_change_nothing(name: str) -> None:
    logits, target = drawn(0)
    loss: Any = MODELS.build(dict(type=name, loss_weight=3.0))
    other = torch.where((target == 255).unsqueeze(1), torch.randn_like(logits), logits)
    torch.testing.assert_close(loss(logits, target), loss(other, target))
    plain: Any = MODELS.build(dict(type=name))
    torch.testing.assert_close(loss(logits, target), 3 * plain(logits, target))


@pytest.mark.parametrize("name", LOSSES)
def test_nothing_to_learn_costs_nothing(name: str) -> None:
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = MODELS.build(dict(type=name))(logits, torch.full((1, 4, 4), 255))
    torch.autograd.backward(loss)
    assert loss.item() == 0
    assert logits.grad is not None
    assert logits.grad.abs().sum() == 0


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (dict(type="FocalLoss", gamma=-1), "gamma of FocalLoss is at least 0; got -1"),
        (dict(type="LovaszLoss", classes="some"), "'present' or 'all'; got 'some'"),
        (dict(type="DiceLoss", loss_name="dice"), "loss_name has 'loss' in it; got 'dice'"),
    ],
)
def test_wrong_arguments_are_told(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(config)


def binary(seed: int) -> tuple[Tensor, Tensor]:
    """Return one logit for each pixel, and labels 0 and 1 with some pixels that don't count."""
    logits, target = drawn(seed, classes=2)
    return logits[:, 1:], target


@given(SEEDS)
def test_one_logit_gives_binary_cross_entropy(seed: int) -> None:
    logits, target = binary(seed)
    counted = target != 255
    expected = functional.binary_cross_entropy_with_logits(
        logits[:, 0][counted], target[counted].float()
    )
    torch.testing.assert_close(CrossEntropyLoss()(logits, target), expected)


@given(SEEDS)
def test_dice_of_one_logit_is_that_of_smp(seed: int) -> None:
    logits, target = binary(seed)
    theirs = smp.losses.DiceLoss("binary", ignore_index=255)
    expected = theirs(logits, target.unsqueeze(1))
    torch.testing.assert_close(DiceLoss()(logits, target), expected)


@given(SEEDS, st.sampled_from(["CrossEntropyLoss", "FocalLoss", "LovaszLoss"]))
def test_one_logit_is_two_of_which_one_is_zero(seed: int, name: str) -> None:
    logits, target = binary(seed)
    loss = MODELS.build(dict(type=name))
    two = torch.cat([torch.zeros_like(logits), logits], 1)
    torch.testing.assert_close(loss(logits, target), loss(two, target))


@given(SEEDS, st.sampled_from(["mean", "sum", "none"]), st.sampled_from([0.0, 0.1]))
def test_reduction_and_smoothing_are_those_of_torch(
    seed: int, reduction: Any, smoothing: float
) -> None:
    logits, target = drawn(seed)
    loss = CrossEntropyLoss(reduction=reduction, label_smoothing=smoothing, loss_weight=0.5)
    expected = functional.cross_entropy(
        logits, target, ignore_index=255, reduction=reduction, label_smoothing=smoothing
    )
    torch.testing.assert_close(loss(logits, target), 0.5 * expected)
    plain = FocalLoss(gamma=0.0, reduction=reduction)(logits, target)
    torch.testing.assert_close(plain, CrossEntropyLoss(reduction=reduction)(logits, target))


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "FocalLoss"])
def test_a_reduction_that_is_none_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="reduction is 'none', 'mean' or 'sum'; got 'max'"):
        MODELS.build(dict(type=name, reduction="max"))
