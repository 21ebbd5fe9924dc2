"""Reports of the test of a classifier, held against scikit-learn called by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_fscore_support,
)
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from engine.config import Config
from engine.runner import Runner
from mmalpha import DataSample
from mmalpha.models import LinearClsHead, MultiLabelHead
from mmalpha.report import ClsReport

CLASSES = 10
TRAIN, TEST = 60, 40


def run(folder: Path, changes: dict[str, Any] | None = None, **options: Any) -> ClsReport:
    """Test a model with its first weights, and return its report."""
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    cfg.merge_from_dict(
        {
            "work_dir": str(folder),
            "model.backbone.base_channels": 16,
            "model.head.in_channels": 128,
            "train_dataloader.dataset.indices": TRAIN,
            "test_dataloader.dataset.indices": TEST,
            "test_dataloader.batch_size": 16,
            "strategy": {"type": "SingleDeviceStrategy", "device": "cpu"},
            "log_level": "ERROR",
            "custom_hooks": [dict(type="ClsReport", **options)],
            **(changes or {}),
        }
    )
    runner = Runner.from_cfg(cfg)
    runner.test()
    (hook,) = (each for each in runner.hooks if isinstance(each, ClsReport))
    return hook


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a test with everything."""
    home = tmp_path_factory.mktemp("run")
    files: dict[str, Any] = {
        "save_predictions": str(home / "predictions.jsonl"),
        "save_features": str(home / "features.npz"),
    }
    hook = run(home, knn=3, num_worst=5, **files)
    assert hook.page is not None
    hook.page.parent.rename(home / "report")
    return home


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "report" / "report.json").read_text())
    return made


@pytest.fixture(scope="module")
def predictions(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "predictions.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_classes_and_confusion_are_those_of_scikit_learn(
    report: dict[str, Any], predictions: list[dict[str, Any]]
) -> None:
    truth, predicted = ([each[key] for each in predictions] for key in ("label", "prediction"))
    assert len(truth) == TEST
    *rates, counts = precision_recall_fscore_support(
        truth, predicted, labels=range(CLASSES), zero_division=0.0
    )
    rows = report["tables"]["per_class"]["rows"]
    assert report["tables"]["per_class"]["columns"] == [
        "class",
        "images",
        "precision",
        "recall",
        "f1",
    ]
    assert [row[0] for row in rows] == [*"0123456789"]
    np.testing.assert_allclose([row[1:] for row in rows], np.transpose([counts, *rates]))
    matrix = [row[1:] for row in report["tables"]["confusion"]["rows"]]
    assert matrix == confusion_matrix(truth, predicted, labels=range(CLASSES)).tolist()
    assert report["values"]["accuracy"] == report["values"]["accuracy/top1"]


def test_predictions_name_their_classes_and_have_all_scores(
    predictions: list[dict[str, Any]],
) -> None:
    for index, each in enumerate(predictions):
        assert each["index"] == index
        assert (each["true"], each["predicted"]) == (str(each["label"]), str(each["prediction"]))
        assert each["score"] == max(each["scores"]) == each["scores"][each["prediction"]]
        assert sum(each["scores"]) == pytest.approx(1, abs=1e-5)


def test_the_worst_images_have_the_highest_loss(
    report: dict[str, Any], predictions: list[dict[str, Any]], folder: Path
) -> None:
    own = [each["scores"][each["label"]] for each in predictions]
    worst = np.argsort(own, kind="stable")[:5].tolist()
    assert [each["index"] for each in report["worst"]] == worst
    assert (folder / "report" / "report.html").read_text().count("<figure>") == 5


def test_nearest_neighbors_are_those_of_scikit_learn(
    report: dict[str, Any], predictions: list[dict[str, Any]], folder: Path, tmp_path: Path
) -> None:
    test = np.load(folder / "features.npz", allow_pickle=False)
    assert test["features"].shape == (TEST, 128)
    assert test["labels"].tolist() == [each["label"] for each in predictions]
    # The features of the training images, as a test of these gives them.
    changes = {
        "test_dataloader.dataset.split": "train",
        "test_dataloader.dataset.indices": TRAIN,
    }
    hook = run(tmp_path, changes, write_report=False, save_features=str(tmp_path / "train.npz"))
    assert hook.page is None
    train = np.load(tmp_path / "train.npz", allow_pickle=False)
    classifier = KNeighborsClassifier(3, metric="cosine").fit(train["features"], train["labels"])
    expected = classifier.score(test["features"], test["labels"])
    assert report["values"]["knn_accuracy"] == pytest.approx(expected)


def test_calibration_is_told(report: dict[str, Any], folder: Path) -> None:
    values = report["values"]
    assert {"ece", "ece_scaled", "nll", "nll_scaled", "temperature"} <= values.keys()
    with (folder / "report" / "reliability.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["curve"] == "as predicted"]
    assert len(rows) == 15
    counted = [(int(r["predictions"]), r["confidence"], r["accuracy"]) for r in rows]
    error = sum(n * abs(float(c) - float(a)) for n, c, a in counted if n) / TEST
    assert values["ece"] == pytest.approx(error)


def test_features_as_safetensors_are_the_same(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    run(tmp_path, write_report=False, save_features=str(tmp_path / "features.safetensors"))
    saved = load_file(tmp_path / "features.safetensors")
    expected = np.load(folder / "features.npz", allow_pickle=False)
    np.testing.assert_array_equal(saved["features"], expected["features"])
    np.testing.assert_array_equal(saved["labels"], expected["labels"])


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    for options, message in (
        ({"knn": 0}, "knn is a number of neighbors, at least 1; got 0"),
        ({"bins": 0}, "bins is at least 1; got 0"),
        ({"knn": 3, "write_report": False}, "knn is a value of the report"),
    ):
        with pytest.raises(ValueError, match=message):
            ClsReport(**options)  # type: ignore[arg-type]  # of several types
    with pytest.raises(ValueError, match=rf"knn is {TRAIN + 1}, but there are {TRAIN} training im"):
        run(tmp_path, knn=TRAIN + 1)


def records(hook: ClsReport, samples: list[DataSample]) -> list[dict[str, Any]]:
    hook.dataset_meta = {"classes": [*"abc"]}
    return [{"index": i, **seen.record} for i, seen in enumerate(hook.observe(samples))]


def several(count: int = 30) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(count, 3, generator=generator)
    return scores, (torch.rand(count, 3, generator=generator) < scores).float()


def test_images_of_several_classes_have_average_precisions() -> None:
    scores, truth = several()
    samples = [
        DataSample().set_pred_score(score).set_gt_score(one)
        for score, one in zip(scores, truth, strict=True)
    ]
    hook = ClsReport()
    made = hook.summarize(records(hook, samples), None)
    (table, _) = made.tables
    there = truth.bool().numpy()
    expected = [average_precision_score(there[:, c], scores[:, c]) for c in range(3)]
    assert [row[2] for row in table.rows] == pytest.approx(expected)
    assert made.values["mAP"] == pytest.approx(np.mean(expected))
    losses = torch.nn.functional.binary_cross_entropy(scores, truth, reduction="none").mean(1)
    costs = [seen.cost for seen in hook.observe(samples)]
    assert costs == pytest.approx(losses.tolist())


def test_scores_of_each_class_by_itself_have_no_temperature() -> None:
    scores, _ = several()
    samples = [
        DataSample().set_pred_score(score).set_pred_label(score.argmax()).set_gt_label(0)
        for score in scores
    ]
    hook = ClsReport()
    made = hook.summarize(records(hook, samples), None)
    assert "ece" in made.values
    assert "temperature" not in made.values


def test_images_without_truth_have_no_cost() -> None:
    sample = DataSample().set_pred_score(torch.tensor([0.2, 0.5, 0.3])).set_pred_label(1)
    hook = ClsReport()
    hook.dataset_meta = {}
    (seen,) = hook.observe([sample])
    assert seen.cost is None
    assert (seen.record["label"], seen.record["prediction"]) == (None, 1)


@pytest.mark.parametrize("head", [LinearClsHead(3, 4), MultiLabelHead(3, 4)])
def test_features_are_what_the_head_takes(head: LinearClsHead) -> None:
    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = head

    tap = ClsReport().tap(Model())
    vectors = torch.rand(2, 4)
    head.predict((torch.zeros(2, 9), vectors))
    assert torch.equal(tap.take(2), vectors)
