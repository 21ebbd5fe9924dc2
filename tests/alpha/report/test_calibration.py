"""Calibration, held against torchmetrics and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from torch import Tensor
from torchmetrics.functional.classification import multiclass_calibration_error

from mmalpha.report import Reliability, fit_temperature, plot_reliability, scale_scores

SEEDS = st.integers(0, 10_000)


def sample(seed: int, count: int = 60, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Scores and labels, which the scores are right about more often than not."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(count, classes, generator=generator)
    labels = torch.distributions.Categorical(logits=logits / 2).sample()
    return logits.softmax(1), labels


@given(SEEDS, st.integers(1, 20))
def test_the_error_is_that_of_torchmetrics(seed: int, bins: int) -> None:
    scores, labels = sample(seed)
    confidence, predicted = scores.max(1)
    curve = Reliability.of(confidence, predicted == labels, bins)
    expected = multiclass_calibration_error(scores, labels, 4, bins, "l1")
    assert curve.error == pytest.approx(expected.item(), abs=1e-6)
    assert curve.counts.sum() == len(labels)


@given(SEEDS, st.integers(1, 20))
def test_the_curve_is_that_of_scikit_learn(seed: int, bins: int) -> None:
    scores, labels = sample(seed)
    confidence, predicted = scores.max(1)
    curve = Reliability.of(confidence, predicted == labels, bins)
    accuracy, mean = calibration_curve(predicted == labels, confidence, n_bins=bins)
    there = curve.counts > 0
    np.testing.assert_allclose(curve.accuracy[there], accuracy, rtol=1e-5)
    np.testing.assert_allclose(curve.confidence[there], mean, rtol=1e-5)


def test_a_prediction_without_doubt_is_in_the_last_bin() -> None:
    curve = Reliability.of(torch.tensor([0.0, 1.0]), torch.tensor([False, True]), 4)
    assert curve.counts.tolist() == [1, 0, 0, 1]
    assert curve.error == 0
    with pytest.raises(ValueError, match="bins is at least 1; got 0"):
        Reliability.of(torch.ones(1), torch.ones(1), 0)


@given(SEEDS, st.floats(0.25, 4))
def test_the_temperature_follows_the_scale_of_the_logits(seed: int, scale: float) -> None:
    scores, labels = sample(seed)
    temperature = fit_temperature(scores, labels)
    scaled = (scores.log() * scale).softmax(1)
    assert fit_temperature(scaled, labels) == pytest.approx(scale * temperature, rel=2e-2)


@given(SEEDS)
def test_no_other_temperature_fits_better(seed: int) -> None:
    scores, labels = sample(seed)
    temperature = fit_temperature(scores, labels)

    def loss(value: float) -> float:
        return torch.nn.functional.nll_loss(scale_scores(scores, value).log(), labels).item()

    assert loss(temperature) <= min(loss(0.9 * temperature), loss(1.1 * temperature), loss(1.0))


def test_a_temperature_of_one_changes_nothing_and_all_temperatures_are_bounded() -> None:
    scores, labels = sample(0)
    torch.testing.assert_close(scale_scores(scores, 1.0), scores)
    sure = torch.nn.functional.one_hot(labels, 4).float()
    assert 0.01 <= fit_temperature(sure * 0.9 + 0.025, labels) < 1
    assert 1 < fit_temperature(sure * 0.9 + 0.025, (labels + 1) % 4) <= 100
    assert torch.isfinite(scale_scores(sure, 0.01)).all()


def test_curves_are_drawn() -> None:
    scores, labels = sample(1)
    confidence, predicted = scores.max(1)
    curve = Reliability.of(confidence, predicted == labels)
    picture = plot_reliability({"as predicted": curve})
    assert picture.shape[2] == 3
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
