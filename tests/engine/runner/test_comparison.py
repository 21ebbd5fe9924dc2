"""Comparison of runs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine import Config
from engine.runner import compare_runs


def _run(work_dir: Path, scores: Sequence[float], *, name: str = "acc", **values: Any) -> Path:
    """Leave what a run leaves: numbers and its config."""
    folder = work_dir / "20260101_000000" / "vis_data"
    folder.mkdir(parents=True)
    lines = [{"loss": 1.0, "iter": 1, "step": 1}]
    lines += [{name: score, "time": 1.0, "step": step} for step, score in enumerate(scores, 1)]
    (folder / "scalars.json").write_text("\n".join(map(json.dumps, lines)))
    Config({"work_dir": str(work_dir), **values}).dump(folder / "config.py")
    return work_dir


def _optim(lr: float, seed: int) -> dict[str, Any]:
    return {"optim": {"lr": lr}, "randomness": {"seed": seed}}


def test_runs_that_differ_in_the_seed_are_a_group(tmp_path: Path) -> None:
    for lr, seed, scores in (
        (0.1, 0, [0.5, 0.8, 0.7]),
        (0.1, 1, [0.6]),
        (0.01, 0, [0.9]),
        (0.01, 1, [math.nan]),
    ):
        _run(tmp_path / f"lr={lr},seed={seed}", scores, **_optim(lr, seed))
    found = compare_runs([tmp_path])
    assert found.keys == ["optim.lr"]
    assert [*found.rows()] == [
        ("0.01", "2", "0.9000", "-", "0.9000", "lr=0.01,seed=0"),
        ("0.1", "2", "0.7000", "0.1414", "0.8000", "lr=0.1,seed=0"),
    ]
    assert " ".join(str(found).splitlines()[0].split()) == "lr runs mean deviation best best run"
    assert str(found).endswith("acc, more is better")
    assert json.loads(json.dumps(found.to_dict()))["groups"][0]["runs"][1]["score"] is None


def test_a_folder_of_runs_is_what_is_in_it(tmp_path: Path) -> None:
    paths = [_run(tmp_path / name, [0.5], **_optim(0.1, 0)) for name in "ab"]
    assert compare_runs([tmp_path]).to_dict() == compare_runs(paths).to_dict()


@pytest.mark.parametrize(
    ("hook", "words", "metric", "best"),
    [
        ({}, (), "acc", 0.9),
        ({"save_best": "err", "rule": "less"}, (), "err", 0.2),
        ({"save_best": ["err"], "rule": ["greater"]}, (), "err", 0.3),
        ({"save_best": "auto"}, (), "acc", 0.9),
        ({}, ("err", "less"), "err", 0.2),
        ({"save_best": "err", "rule": "less"}, ("acc",), "acc", 0.9),
    ],
)
def test_the_score(
    tmp_path: Path, hook: dict[str, Any], words: tuple[str, ...], metric: str, best: float
) -> None:
    run = _run(tmp_path, [], default_hooks={"checkpoint": {"type": "CheckpointHook", **hook}})
    with open(run / "20260101_000000/vis_data/scalars.json", "a") as file:
        file.writelines(
            "\n" + json.dumps({"acc": acc, "val/err": err, "step": step})
            for step, acc, err in ((1, 0.8, 0.3), (2, 0.9, 0.2))
        )
    found = compare_runs([run], *words)
    assert (found.metric or "").removeprefix("val/") == metric
    assert found.groups[0].runs[0].score == best


def test_a_run_without_config_stands_for_itself(tmp_path: Path) -> None:
    for name in "abc":
        _run(tmp_path / name, [0.5])
    for name in "bc":
        next((tmp_path / name).glob("*/*/config.py")).unlink()
    assert len(compare_runs([tmp_path]).groups) == 3


def test_the_config_of_a_run_is_data(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", [0.5])
    next(run.glob("*/*/config.py")).write_text("import os\nx = os.getcwd()")
    with pytest.raises(ValueError, match=r"config\.py is no config that a run left"):
        compare_runs([run])


def test_many_differences_are_counted(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _run(tmp_path / name, [0.5], values={f"key{number}": name for number in range(8)})
    found = compare_runs([tmp_path])
    assert len(found.columns) == 11
    assert found.describe().endswith("the configs differ in 2 more values")
    assert len(found.groups[0].settings) == 8


def test_a_users_mistake(tmp_path: Path) -> None:
    run = _run(tmp_path / "a", [0.5])
    odd = _run(tmp_path / "b", [0.5], name="fitness")
    with pytest.raises(ValueError, match="there is no metric 'acd'; there are acc"):
        compare_runs([run], "acd")
    with pytest.raises(ValueError, match="does not tell whether more is better"):
        compare_runs([odd])
    with pytest.raises(ValueError, match="rule is 'greater' or 'less'; got 'more'"):
        compare_runs([odd], rule="more")
    with pytest.raises(FileNotFoundError, match="there is no file or folder"):
        compare_runs([tmp_path / "c"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no run"):
        compare_runs([tmp_path / "empty"])
