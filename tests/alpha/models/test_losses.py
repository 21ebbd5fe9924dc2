from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from mmalpha.models import BinaryCrossEntropyLoss, CrossEntropyLoss, FocalLoss
from mmalpha.registry import MODELS

seeds = st.integers(0, 2**31)
reductions = st.sampled_from(["none", "mean", "sum"])


def drawn(seed: int, count: int = 6, classes: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, labels and soft labels."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(count, classes, generator=generator)
    labels = torch.randint(classes, (count,), generator=generator)
    return logits, labels, torch.rand(count, classes, generator=generator)


@given(seeds, reductions, st.sampled_from([0.0, 0.1, 1.0]), st.booleans())
def test_cross_entropy_is_that_of_torch(
    seed: int, reduction: Any, smoothing: float, is_soft: bool
) -> None:
    logits, labels, soft = drawn(seed)
    target = soft.softmax(1) if is_soft else labels
    weight = [0.5, 1.0, 2.0, 3.0]
    ours = CrossEntropyLoss(weight, smoothing, reduction=reduction)
    theirs = nn.CrossEntropyLoss(
        torch.tensor(weight), reduction=reduction, label_smoothing=smoothing
    )
    torch.testing.assert_close(ours(logits, target), theirs(logits, target))


@given(seeds)
def test_one_hot_targets_are_labels(seed: int) -> None:
    logits, labels, _ = drawn(seed)
    one_hot = functional.one_hot(labels, 4)
    for loss in (CrossEntropyLoss(), BinaryCrossEntropyLoss(), FocalLoss()):
        torch.testing.assert_close(loss(logits, one_hot.float()), loss(logits, labels))


def test_cross_entropy_leaves_out_what_is_to_be_ignored() -> None:
    logits, labels, _ = drawn(0)
    labels[0] = 9
    expected = functional.cross_entropy(logits[1:], labels[1:])
    torch.testing.assert_close(CrossEntropyLoss(ignore_index=9)(logits, labels), expected)


@given(seeds, reductions)
def test_binary_cross_entropy_is_that_of_torch(seed: int, reduction: Any) -> None:
    logits, _, soft = drawn(seed)
    weight, positive = [0.5, 1.0, 2.0, 3.0], [1.0, 2.0, 1.0, 4.0]
    ours = BinaryCrossEntropyLoss(weight, positive, reduction)
    theirs = nn.BCEWithLogitsLoss(
        torch.tensor(weight), reduction=reduction, pos_weight=torch.tensor(positive)
    )
    torch.testing.assert_close(ours(logits, soft), theirs(logits, soft))


@given(seeds, reductions, st.floats(0, 5), st.none() | st.floats(0, 1))
def test_focal_loss_is_that_of_torchvision(
    seed: int, reduction: Any, gamma: float, alpha: float | None
) -> None:
    logits, labels, _ = drawn(seed)
    target = functional.one_hot(labels, 4).float()
    theirs = sigmoid_focal_loss(logits, target, -1.0 if alpha is None else alpha, gamma, reduction)
    torch.testing.assert_close(FocalLoss(gamma, alpha, reduction=reduction)(logits, target), theirs)


@given(seeds)
def test_focal_loss_without_a_focus_is_cross_entropy(seed: int) -> None:
    logits, _, soft = drawn(seed)
    weight = [0.5, 1.0, 2.0, 3.0]
    focal = FocalLoss(gamma=0.0, alpha=None, class_weight=weight)
    torch.testing.assert_close(focal(logits, soft), BinaryCrossEntropyLoss(weight)(logits, soft))


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "BinaryCrossEntropyLoss", "FocalLoss"])
def test_weights_are_those_of_the_config_and_not_of_a_checkpoint(loss: str) -> None:
    module = MODELS.build(dict(type=loss, class_weight=[1, 2]))
    assert module.state_dict() == {}
    assert [each.device.type for each in module.to("meta").buffers()] == ["meta"]


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "BinaryCrossEntropyLoss", "FocalLoss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_loss_has_a_weight(name: str, reduction: str) -> None:
    logits, target = torch.randn(4, 3), torch.tensor([0, 2, 1, 1])
    one, two = (
        MODELS.build(dict(type=name, reduction=reduction, loss_weight=weight)) for weight in (1, 2)
    )
    torch.testing.assert_close(two(logits, target), 2 * one(logits, target))
    with pytest.raises(ValueError, match="reduction is 'none', 'mean' or 'sum'; got 'max'"):
        MODELS.build(dict(type=name, reduction="max"))
