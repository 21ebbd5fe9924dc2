"""Reports of tests, in one process and in several."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import Config
from engine.registry import UntrustedError
from engine.registry.restrictions import check_options
from engine.report import ReportHook, add_report

SCRIPT = Path(__file__).parent / "report_run.py"
MEANS = [0, 10, 20, 30, 20, 10, 0]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_report_is_that_of_all_images_once_and_in_their_order(
    processes: int, together: Callable[..., None], tmp_path: Path
) -> None:
    together(SCRIPT, processes, tmp_path)
    page = Path((tmp_path / "page.txt").read_text())
    report = json.loads((page.parent / "report.json").read_text())
    assert report["tables"]["means"]["rows"] == [[i, mean] for i, mean in enumerate(MEANS)]
    with (page.parent / "means.csv").open(newline="") as file:
        assert [*csv.reader(file)][1:] == [[str(i), f"{mean}.0"] for i, mean in enumerate(MEANS)]
    assert report["values"] == {"count": 7}
    assert report["facts"]["images"] == 7
    # The highest cost comes first; of equal ones, the first of the dataset.
    assert [each["index"] for each in report["worst"]] == [3, 2, 4]
    assert page.read_text().count("<figure>") == 3
    assert "<b>3.png" not in page.read_text()
    assert "&lt;b&gt;3.png" in page.read_text()
    lines = [json.loads(line) for line in (tmp_path / "means.jsonl").read_text().splitlines()]
    expected = [{"index": i, "img_path": f"<b>{i}.png", "mean": m} for i, m in enumerate(MEANS)]
    assert lines == expected
    saved = np.load(tmp_path / "features.npz", allow_pickle=False)
    assert saved["features"].tolist() == [[mean] * 4 for mean in MEANS]
    assert saved["img_path"].tolist() == [f"<b>{i}.png" for i in range(7)]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the script."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    return importlib.import_module(SCRIPT.stem)


def test_wrong_options_are_refused(parts: Any) -> None:
    with pytest.raises(ValueError, match=r"num_worst is at least 0; got -1"):
        parts.MeanReport(-1)
    with pytest.raises(ValueError, match=r"save_predictions is a file .csv or .jsonl; got 'a.pkl'"):
        parts.MeanReport(save_predictions="a.pkl")
    with pytest.raises(ValueError, match=r"save_features is a file .npz or .safetensors; got 'a'"):
        parts.MeanReport(save_features="a")


def test_data_writes_into_the_folder_of_the_run_alone() -> None:
    def check(**options: str) -> None:
        data = Config.fromstring(json.dumps({"hook": {"type": "Report", **options}}), ".json")
        check_options(ReportHook, data["hook"])

    for name in ("save_predictions", "save_features"):
        check(**{name: "out/file.csv"})
        for path in ("/tmp/file.csv", "../file.csv", "s3://bucket/file.csv"):
            with pytest.raises(UntrustedError, match=f"data may not set {name} of ReportHook"):
                check(**{name: path})


class _Runner:
    """What `add_report` needs of a runner."""

    def __init__(self, model: Any, *hooks: Any) -> None:
        self.model, self.hooks = model, list(hooks)


def test_options_go_to_the_report_that_a_run_has(parts: Any) -> None:
    hook: Any = parts.MeanReport()
    runner: Any = _Runner(parts.Net(), hook)
    added = add_report(runner, num_worst=2, save_features=None)
    assert (hook.num_worst, hook.save_features) == (2, None)
    assert added is hook
    with pytest.raises(ValueError, match="MeanReport has no knn"):
        add_report(runner, knn=3)
    with pytest.raises(ValueError, match="num_worst is at least 0"):
        add_report(runner, num_worst=-2)


def test_a_task_without_a_report_gets_none(parts: Any) -> None:
    runner: Any = _Runner(parts.Net())
    assert add_report(runner) is None
