"""Calibration: reliability curve, expected calibration error and temperature scaling."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.visualization import require_matplotlib
from engine.visualization.utils import img_from_canvas

_BOUNDS = (0.01, 100.0)  # of a temperature
_DPI = 110


class Reliability(NamedTuple):
    """How often predictions are right, by how sure the model is.

    Attributes:
        counts: How many predictions are in each bin, `(B,)`.
        confidence: Their mean confidence, `(B,)`; NaN in an empty bin.
        accuracy: The part of them that is right, `(B,)`; likewise.
    """

    counts: Tensor
    confidence: Tensor
    accuracy: Tensor

    @classmethod
    def of(cls, confidence: Tensor, correct: Tensor, bins: int = 15) -> Reliability:
        """Put predictions into bins of equal width.

        Args:
            confidence: The probability of each prediction, `(N,)`.
            correct: Whether it is right, `(N,)`.
            bins: The number of bins.

        Raises:
            ValueError: If there is no bin.
        """
        if bins < 1:
            raise ValueError(f"bins is at least 1; got {bins}")
        edges = torch.linspace(0, 1, bins + 1)
        places = torch.bucketize(confidence.float(), edges[1:-1], right=True)
        counts = places.bincount(minlength=bins)
        sums = [places.bincount(each.double(), bins) for each in (confidence, correct)]
        return cls(counts, sums[0] / counts, sums[1] / counts)

    @property
    def error(self) -> float:
        """The expected calibration error, from 0 to 1.

        It is the distance of confidence and accuracy, as the mean over all predictions.

        Source: Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015.
        """
        distance = (self.confidence - self.accuracy).abs().nan_to_num()
        return float((distance * self.counts).sum() / self.counts.sum())


def fit_temperature(scores: Tensor, labels: Tensor) -> float:
    """Return the temperature at which the scores fit the labels best.

    It minimizes the negative log-likelihood, and is 0.01 to 100. Above 1 the model is too sure.

    Source: Guo et al., On Calibration of Modern Neural Networks, 2017.

    Args:
        scores: The probabilities of the classes, `(N, C)`.
        labels: The true classes, `(N,)`.
    """
    from scipy.optimize import minimize_scalar  # deferred: a report alone needs it

    logits = _logits(scores)

    def loss(exponent: float) -> float:
        return float(functional.cross_entropy(logits / math.exp(exponent), labels))

    bounds = [math.log(bound) for bound in _BOUNDS]
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    return math.exp(found.x)


def scale_scores(scores: Tensor, temperature: float) -> Tensor:
    """Return the scores of a model whose logits are divided by a temperature.

    Args:
        scores: The probabilities of the classes, `(N, C)`.
        temperature: The temperature.
    """
    return (_logits(scores) / temperature).softmax(1)


def plot_reliability(
    curves: dict[str, Reliability],
) -> npt.NDArray[np.uint8]:
    """Draw reliability curves, and below them how many predictions each bin of the first has.

    Args:
        curves: The curves by their names.

    Returns:
        An image, RGB of shape (H, W, 3).

    Raises:
        ImportError: If matplotlib is missing.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # deferred: only drawing needs it
    from matplotlib.figure import Figure

    figure = Figure((5.2, 5.6), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    above, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    above.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1, label="calibrated")
    for (name, curve), marker in zip(curves.items(), "os^v", strict=False):
        there = curve.counts > 0
        label = f"{name}, ECE {curve.error:.3f}"
        points = (values[there].numpy() for values in (curve.confidence, curve.accuracy))
        above.plot(*points, marker=marker, label=label)
    above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
    above.legend(loc="upper left", frameon=False)
    counts = next(iter(curves.values())).counts.numpy()
    edges = np.linspace(0, 1, len(counts) + 1)
    below.bar(edges[:-1], counts, 1 / len(counts), align="edge", color="0.7", edgecolor="white")
    below.set(xlabel="confidence", ylabel="predictions")
    return img_from_canvas(canvas)


def _logits(scores: Tensor) -> Tensor:
    """Return logits of which a softmax makes the scores."""
    return scores.float().clamp(min=torch.finfo(torch.float).tiny).log()
