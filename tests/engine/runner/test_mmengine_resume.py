"""Trainings that MMEngine began and this engine ends.

The files in `tests/data/mmengine` are by MMEngine 0.10.7, and what it does with them itself:
`tests/clients/record_checkpoints.py` made them.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

import engine
import engine.evaluator
import engine.optim
from engine.runner import Runner

TESTS = Path(__file__).parents[2]
DATA = TESTS / "data" / "mmengine"
NAMES = sorted(file.stem for file in DATA.glob("*.pth"))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """The configs with which MMEngine trained."""
    monkeypatch.syspath_prepend(TESTS / "clients")
    configs: dict[str, dict[str, Any]] = importlib.import_module("checkpoint_runs").runs(engine)
    return configs


def go_on(name: str, cfg: dict[str, Any], work_dir: Path, **changes: Any) -> Runner:
    cfg = {**cfg, "resume": str(DATA / f"{name}.pth"), "log_level": "ERROR", **changes}
    runner = Runner(**cfg, work_dir=str(work_dir))
    runner.train()
    return runner


def recorded(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return facts


def saved(work_dir: Path, cfg: dict[str, Any]) -> dict[str, Any]:
    name = "epoch_4.pth" if cfg["train_cfg"]["by_epoch"] else "iter_12.pth"
    checkpoint: dict[str, Any] = torch.load(work_dir / name, weights_only=True)
    return checkpoint


def check_weights(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Check weights, whose last bit follows from the kernels of a processor."""
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        same = torch.tensor(theirs[key], dtype=value.dtype)
        torch.testing.assert_close(value, same, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_training_goes_on_as_with_mmengine(
    name: str, runs: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    runner = go_on(name, runs[name], tmp_path)
    facts, checkpoint, model = recorded(name), saved(tmp_path, runs[name]), runner.model
    assert model.samples == facts["samples"]
    assert model.losses == pytest.approx(facts["losses"], rel=1e-4)
    for ours, theirs in zip(model.options, facts["options"], strict=True):
        # Both multiply a value in each step, each in its own order: 16 digits are not the same.
        assert ours.keys() == theirs.keys()
        for parameter, pair in ours.items():
            assert pair == pytest.approx(theirs[parameter], rel=1e-12, abs=1e-18)
    # Ours counts the batches behind the average as well.
    averaged = {key: each for key, each in checkpoint["state_dict"].items() if "batches" not in key}
    check_weights(averaged, {key: facts["state_dict"][key] for key in averaged})
    check_weights(checkpoint.get("ema_state_dict", {}), facts["ema_state_dict"])
    assert checkpoint["meta"]["iter"] == facts["iter"]
    if runs[name]["train_cfg"]["by_epoch"]:
        assert checkpoint["meta"]["epoch"] == facts["epoch"]
    scalars = runner.message_hub.log_scalars
    for key, values in facts["scalars"].items():
        assert scalars[key].data[0].tolist() == pytest.approx(values, rel=1e-4, abs=1e-18)


def test_the_best_and_the_kept_checkpoints_are_known(
    runs: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    runs["epoch_sgd"]["train_cfg"]["max_epochs"] = 2  # all is done
    info = go_on("epoch_sgd", runs["epoch_sgd"], tmp_path).message_hub.runtime_info
    assert info["best_toy/error"] == pytest.approx(recorded("epoch_sgd")["best"])
    assert info["kept_best_checkpoints"] == {"toy/error": "best_toy_error_epoch_2.pth"}
    assert info["kept_checkpoints"] == ["epoch_2.pth"]


def test_saved_options_of_schedules_hold(runs: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    cfg = runs["epoch_sgd"]
    cfg["param_scheduler"][1]["milestones"] = [1]
    model = go_on("epoch_sgd", cfg, tmp_path).model
    rates = [each["head.bias"][0] for each in model.options]
    assert rates == pytest.approx([0.01] * 4 + [0.001] * 4)
