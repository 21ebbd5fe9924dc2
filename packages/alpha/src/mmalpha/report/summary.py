"""Tables, pictures and values of the report of a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.report import Picture, Report, Table, confusion_tables
from engine.visualization import plot_confusion_matrix
from mmalpha.metrics import average_precision, class_names

from .calibration import Reliability, fit_temperature, plot_reliability, scale_scores

_TITLE = "Report of a classification"
_RATES = ("precision", "recall", "f1")
_CURVE_NOTE = (
    "How often predictions are right, by how sure the model is. Below the diagonal it is too sure."
)


def summarize_labels(
    scores: Tensor,
    predicted: Tensor,
    labels: Tensor,
    dataset_meta: Mapping[str, Any],
    bins: int,
    knn: npt.NDArray[np.bool_] | None = None,
) -> Report:
    """Return the report of images of one class each, without the worst of them.

    Args:
        scores: The probabilities of the classes, `(N, C)`.
        predicted: The predicted classes, `(N,)`.
        labels: The true classes, `(N,)`.
        dataset_meta: What is known about the dataset.
        bins: The number of bins of the calibration.
        knn: Whether the nearest neighbors are right about each image, `(N,)`.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # deferred: slow

    classes = range(scores.shape[1])
    names = class_names(dataset_meta, len(classes))
    pairs = labels.numpy(), predicted.numpy()
    confusion = confusion_matrix(*pairs, labels=classes)
    *rates, counts = precision_recall_fscore_support(*pairs, labels=classes, zero_division=0.0)
    rows = zip(names, counts.tolist(), *(rate.tolist() for rate in rates), strict=True)
    values = {"accuracy": (predicted == labels).double().mean().item()}
    if len(classes) > 5:
        top5 = scores.topk(5).indices == labels[:, None]
        values["top5_accuracy"] = top5.any(1).double().mean().item()
    values |= {
        f"macro_{name}": float(rate.mean()) for name, rate in zip(_RATES, rates, strict=True)
    }
    if knn is not None:
        values["knn_accuracy"] = float(knn.mean())
    calibration, curves = _calibrate(scores, predicted, labels, bins)
    return Report(
        _TITLE,
        values=values | calibration,
        tables=[
            Table("per_class", "Classes", ["class", "images", *_RATES], [*map(list, rows)]),
            *confusion_tables(confusion, names, "images"),
            _curve_table(curves),
        ],
        pictures=[
            Picture("Confusion", plot_confusion_matrix(confusion, names)),
            Picture("Calibration", plot_reliability(curves), _CURVE_NOTE),
        ],
        worst_title="Images of the highest loss",
    )


def summarize_scores(
    scores: Tensor, truth: Tensor, dataset_meta: Mapping[str, Any], bins: int
) -> Report:
    """Return the report of images of several classes each, without the worst of them.

    Args:
        scores: The probability of each class, `(N, C)`.
        truth: Whether each is there, `(N, C)`.
        dataset_meta: What is known about the dataset.
        bins: The number of bins of the calibration.
    """
    from sklearn.metrics import precision_recall_fscore_support  # deferred: slow

    there = truth >= 0.5
    names = class_names(dataset_meta, scores.shape[1])
    precisions = [
        average_precision(score, one) if one.any() else float("nan")
        for score, one in zip(scores.T, there.T, strict=True)
    ]
    *rates, counts = precision_recall_fscore_support(
        there.numpy(), (scores >= 0.5).numpy(), average=None, zero_division=0.0
    )
    columns = [counts.tolist(), precisions, *(rate.tolist() for rate in rates)]
    curves = {"classes of images": Reliability.of(scores.flatten(), there.flatten(), bins)}
    return Report(
        _TITLE,
        values={
            "mAP": float(np.nanmean(precisions)) if there.any() else float("nan"),
            **{
                f"macro_{name}": float(rate.mean())
                for name, rate in zip(_RATES, rates, strict=True)
            },
            "ece": curves["classes of images"].error,
        },
        tables=[
            Table(
                "per_class",
                "Classes",
                ["class", "images", "average precision", *_RATES],
                [*map(list, zip(names, *columns, strict=True))],
                note="Precision, recall and F1 score are those at a score of 0.5.",
            ),
            _curve_table(curves),
        ],
        pictures=[Picture("Calibration", plot_reliability(curves), _CURVE_NOTE)],
        worst_title="Images of the highest loss",
    )


def _calibrate(
    scores: Tensor, predicted: Tensor, labels: Tensor, bins: int
) -> tuple[dict[str, float], dict[str, Reliability]]:
    """Return values and curves of the calibration, as it is and behind temperature scaling."""
    correct = predicted == labels
    confidence = scores.gather(1, predicted[:, None])[:, 0]
    curves = {"as predicted": Reliability.of(confidence, correct, bins)}
    values = {"ece": curves["as predicted"].error}
    sums = scores.sum(1)
    if len(labels) < 2 or not torch.allclose(sums, torch.ones_like(sums), atol=1e-2):
        return values, curves  # each class by itself has no temperature in common with the others
    scaled = torch.empty_like(scores)
    halves = slice(0, None, 2), slice(1, None, 2)
    for half, other in (halves, halves[::-1]):
        scaled[half] = scale_scores(scores[half], fit_temperature(scores[other], labels[other]))
    curves["scaled"] = Reliability.of(scaled.gather(1, predicted[:, None])[:, 0], correct, bins)
    values |= {
        "ece_scaled": curves["scaled"].error,
        "nll": _nll(scores, labels),
        "nll_scaled": _nll(scaled, labels),
        "temperature": fit_temperature(scores, labels),
    }
    return values, curves


def _nll(scores: Tensor, labels: Tensor) -> float:
    tiny = torch.finfo(torch.float).tiny
    return float(functional.nll_loss(scores.clamp(min=tiny).log(), labels))


def _curve_table(curves: Mapping[str, Reliability]) -> Table:
    rows = [
        [name, place / len(curve.counts), *(each[place].item() for each in curve)]
        for name, curve in curves.items()
        for place in range(len(curve.counts))
    ]
    columns = ["curve", "from", "predictions", "confidence", "accuracy"]
    return Table("reliability", "Reliability", columns, rows, on_page=False)
