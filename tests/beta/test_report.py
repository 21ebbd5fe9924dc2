"""Reports of the test of a segmentor."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from engine.config import Config
from engine.infer import read_mask
from engine.runner import Runner
from engine.structures import PixelData
from mmbeta import SegDataSample
from mmbeta.datasets import DigitsCanvas
from mmbeta.report import SegReport

IMAGES = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a test with everything, of a model with its first weights."""
    home = tmp_path_factory.mktemp("run")
    files = {
        "save_predictions": str(home / "predictions.csv"),
        "save_features": str(home / "features.npz"),
    }
    cfg = Config.fromfile("mmbeta::fcn_r18_digits.py")
    cfg.merge_from_dict(
        {
            "work_dir": str(home),
            "test_dataloader.dataset.num_images": IMAGES,
            "test_dataloader.batch_size": 2,
            "strategy": {"type": "SingleDeviceStrategy", "device": "cpu"},
            "log_level": "ERROR",
            "custom_hooks": [dict(type="SegReport", num_worst=2, **files)],
        }
    )
    runner = Runner.from_cfg(cfg)
    runner.test()
    (hook,) = (each for each in runner.hooks if isinstance(each, SegReport))
    assert hook.page is not None
    hook.page.parent.rename(home / "report")
    return home


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "report" / "report.json").read_text())
    return made


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(newline="") as file:
        return [*csv.DictReader(file)]


def test_pixels_are_counted_as_scikit_learn_and_the_metric_count_them(
    report: dict[str, Any], rows: list[dict[str, str]], folder: Path
) -> None:
    data = DigitsCanvas("test", num_images=IMAGES)
    truth = np.stack([data.get_data_info(i)["gt_seg_map"] for i in range(IMAGES)])
    predicted = np.stack([read_mask(folder / row["mask"]) for row in rows])
    expected = confusion_matrix(truth.ravel(), predicted.ravel(), labels=range(11))
    assert [row[1:] for row in report["tables"]["confusion"]["rows"]] == expected.tolist()
    # `mIoU`, `mAcc` and `aAcc` of the metric, which the values of the report stand upon.
    hits = expected.diagonal()
    iou = hits / np.maximum(expected.sum(0) + expected.sum(1) - hits, 1)
    np.testing.assert_allclose([row[2] for row in report["tables"]["per_class"]["rows"]], iou)
    assert report["values"]["mIoU"] == pytest.approx(iou.mean())


def test_the_worst_images_have_the_least_iou(
    report: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    own = [float(row["mIoU"]) for row in rows]
    assert [int(row["index"]) for row in rows] == [*range(IMAGES)]
    worst = np.argsort(own, kind="stable")[:2].tolist()
    assert [each["index"] for each in report["worst"]] == worst
    assert report["worst"][0]["mIoU"] == pytest.approx(min(own))


def test_features_are_those_of_the_last_map(folder: Path) -> None:
    saved = np.load(folder / "features.npz", allow_pickle=False)
    assert saved["features"].shape == (IMAGES, 128)
    assert "labels" not in saved


def sample(truth: list[int] | None, prediction: list[int]) -> SegDataSample:
    made = SegDataSample()
    made.pred_sem_seg = PixelData(data=torch.tensor([[prediction]]))
    if truth is not None:
        made.gt_sem_seg = PixelData(data=torch.tensor([[truth]]))
    return made


class _Loop:
    """What a report asks of the loop of a test."""

    evaluator = type("Evaluator", (), {"dataset_meta": {"classes": ["a", "b", "c"]}})


@pytest.fixture
def hook(tmp_path: Path) -> SegReport:
    """A report that is ready to observe images of three classes."""
    runner: Any = type("Runner", (), {"log_dir": str(tmp_path), "test_loop": _Loop, "model": None})
    made = SegReport()
    made.before_test(runner)
    return made


def test_ignored_pixels_and_absent_classes_do_not_count(hook: SegReport) -> None:
    (seen,) = hook.observe([sample([0, 0, 1, 255], [0, 1, 1, 2])])
    assert seen.record == {"mIoU": 0.5, "accuracy": pytest.approx(2 / 3)}
    assert seen.cost == 0.5
    values = hook.summarize([seen.record], None).values
    assert values == pytest.approx({"mIoU": 0.5, "mAcc": 0.75, "mDice": 2 / 3, "aAcc": 2 / 3})


def test_an_image_without_truth_has_no_cost(hook: SegReport) -> None:
    unknown, ignored = hook.observe([sample(None, [0, 1]), sample([255, 255], [0, 1])])
    assert unknown.cost is ignored.cost is None


@pytest.mark.parametrize(("truth", "prediction"), [([3], [0]), ([0], [7]), ([-1], [0])])
def test_labels_of_no_class_are_refused(
    hook: SegReport, truth: list[int], prediction: list[int]
) -> None:
    message = "a mask has labels from .*; expected 0 to 2, or 255 to ignore a pixel"
    with pytest.raises(ValueError, match=message):
        hook.observe([sample(truth, prediction)])


def test_the_folder_of_masks_is_that_of_the_file(hook: SegReport, tmp_path: Path) -> None:
    record = {"index": 3, "img_path": "../../etc/passwd.jpg"}
    hook.save_one(record, sample(None, [0, 2]), tmp_path / "out.csv")
    assert record["mask"] == "out/000003_passwd.png"
    assert read_mask(tmp_path / "out" / "000003_passwd.png").tolist() == [[0, 2]]
