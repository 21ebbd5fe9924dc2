"""The loss of the hard pixels."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from mmbeta.models import CrossEntropyLoss, OHEMCrossEntropyLoss
from mmbeta.registry import MODELS

SEEDS = st.integers(0, 2**31)


def drawn(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, 4, 6, 5, generator=generator)
    target = torch.randint(4, (2, 6, 5), generator=generator)
    target[torch.rand(target.shape, generator=generator) < 0.2] = 255
    return logits, target


@given(SEEDS, st.booleans(), st.sampled_from(["none", "mean", "sum"]))
def test_with_all_pixels_it_is_cross_entropy(seed: int, by_count: bool, reduction: str) -> None:
    logits, target = drawn(seed)
    shared = dict(class_weight=[0.5, 1.0, 2.0, 0.1], label_smoothing=0.1, reduction=reduction)
    kept = dict(thresh=0.01, min_kept=30) if by_count else dict(thresh=1.0, min_kept=0)
    ours = MODELS.build(dict(type="OHEMCrossEntropyLoss", **kept, **shared))
    plain = MODELS.build(dict(type="CrossEntropyLoss", **shared))
    torch.testing.assert_close(ours(logits, target), plain(logits, target))


@given(SEEDS, st.floats(0.05, 1), st.integers(0, 20))
def test_it_is_the_mean_of_the_hardest(seed: int, thresh: float, min_kept: int) -> None:
    logits, target = drawn(seed)
    entropy = functional.cross_entropy(logits, target, ignore_index=255, reduction="none")
    hardest = entropy[target != 255].sort(descending=True).values
    count = max(int(((-hardest).exp() <= thresh).sum()), min(2 * min_kept, len(hardest)))
    expected = hardest[:count].sum() / max(count, 1)
    loss = OHEMCrossEntropyLoss(thresh, min_kept)
    torch.testing.assert_close(loss(logits, target), expected)


def test_without_a_pixel_that_counts_it_is_nothing() -> None:
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = OHEMCrossEntropyLoss()(logits, torch.full((1, 4, 4), 255))
    loss.backward()
    assert loss == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_one_logit_is_that_of_two_classes() -> None:
    logits, target = torch.randn(2, 1, 4, 4), torch.randint(2, (2, 4, 4))
    both = torch.cat([torch.zeros_like(logits), logits], 1)
    loss = OHEMCrossEntropyLoss(0.5, 3)
    torch.testing.assert_close(loss(logits, target), loss(both, target))
    assert loss(logits, target) >= CrossEntropyLoss()(logits, target)


def test_wrong_options() -> None:
    for thresh, kept in ((0.0, 1), (1.5, 1), (0.5, -1)):
        with pytest.raises(ValueError, match="thresh is a probability above 0"):
            OHEMCrossEntropyLoss(thresh, kept)
