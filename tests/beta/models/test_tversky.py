"""The Tversky losses, held against those of smp and the Dice loss."""

from __future__ import annotations

import pytest
import segmentation_models_pytorch as smp
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmbeta.models import DiceLoss, FocalTverskyLoss, TverskyLoss

SEEDS = st.integers(0, 2**31)
WEIGHTS = st.floats(0.1, 2)


def drawn(seed: int, classes: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, classes, 6, 5, generator=generator)
    target = torch.randint(max(classes, 2), (2, 6, 5), generator=generator)
    target[:, 0, :4] = torch.arange(4) % max(classes, 2)
    return logits, target


@given(SEEDS, WEIGHTS, WEIGHTS)
def test_tversky_is_that_of_smp(seed: int, alpha: float, beta: float) -> None:
    logits, target = drawn(seed)
    theirs = smp.losses.TverskyLoss("multiclass", alpha=alpha, beta=beta)
    torch.testing.assert_close(TverskyLoss(alpha, beta)(logits, target), theirs(logits, target))


@given(SEEDS, st.integers(1, 5))
def test_with_equal_weights_it_is_dice(seed: int, classes: int) -> None:
    logits, target = drawn(seed, classes)
    target[:, 1] = 255
    torch.testing.assert_close(TverskyLoss(0.5, 0.5)(logits, target), DiceLoss()(logits, target))


@given(SEEDS, WEIGHTS, WEIGHTS)
def test_focal_tversky_without_focus_is_tversky(seed: int, alpha: float, beta: float) -> None:
    logits, target = drawn(seed)
    focal = FocalTverskyLoss(alpha, beta, gamma=1)
    torch.testing.assert_close(focal(logits, target), TverskyLoss(alpha, beta)(logits, target))


@given(SEEDS, st.floats(1, 3))
def test_focal_tversky_is_the_formula_of_the_paper(seed: int, gamma: float) -> None:
    logits, target = drawn(seed, classes=1)
    p, g = logits.sigmoid()[:, 0], target.float()
    hits, misses, alarms = (p * g).sum(), ((1 - p) * g).sum(), (p * (1 - g)).sum()
    index = hits / (hits + 0.7 * misses + 0.3 * alarms)
    loss = FocalTverskyLoss(0.3, 0.7, gamma)
    torch.testing.assert_close(loss(logits, target), (1 - index) ** (1 / gamma))


def test_a_perfect_prediction_has_a_finite_slope() -> None:
    target = torch.randint(3, (1, 4, 4))
    logits = (100.0 * torch.nn.functional.one_hot(target, 3).permute(0, 3, 1, 2)).requires_grad_()
    loss = FocalTverskyLoss()(logits, target)
    loss.backward()
    assert loss < 1e-3
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_wrong_options() -> None:
    with pytest.raises(ValueError, match="alpha and beta of TverskyLoss are positive"):
        TverskyLoss(0, 1)
    with pytest.raises(ValueError, match="gamma of FocalTverskyLoss is positive"):
        FocalTverskyLoss(gamma=0)
