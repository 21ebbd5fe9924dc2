"""Processes with shares of the parameters train as one with all of them does."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.runner import FSDPStrategy

SCRIPT = Path(__file__).with_name("fsdp_run.py")

LIKE = {
    "second": "resumed",
    "other": "resumed",
    "meta": "plain",
    "one_unit": "plain",
    "compiled": "plain",
    "recomputed": "plain",
    "replicas": "clipped",
    "tensor": "clipped",
    "parallel": "adamw",
}
"""The trainings that several processes do otherwise than one, and what they equal."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the script that processes run."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    return importlib.import_module(SCRIPT.stem)


@pytest.mark.slow
def test_two_processes_with_shares_train_as_one_does(
    run: Any, together: Callable[..., None], tmp_path: Path
) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    for name, changes in {**run.CASES, **run.LOW, "resumed": run.RESUMED}.items():
        run.train(1, f"{one}/{name}", **changes)
    together(SCRIPT, 2, str(two), str(one), timeout=400.0)
    for name in (*run.CASES, "resumed", "second", "other", "meta", "one_unit", "compiled"):
        _check(one / LIKE.get(name, name), two / name)
    for name in run.LOW:
        _check(one / name, two / name, rtol=0.0, atol=0.02)
    point = f"{two}/resumed/iter_6.pth"  # what two have saved, one goes on with
    run.train(1, f"{one}/other", load_from=point, resume=True, **run.RESUMED)
    _check(one / "resumed", one / "other")


@pytest.mark.slow
def test_four_processes_with_replicas_or_tensor_parallelism_train_as_one_does(
    run: Any, together: Callable[..., None], tmp_path: Path
) -> None:
    one, four = tmp_path / "1", tmp_path / "4"
    for name in "clipped", "adamw":
        run.train(1, f"{one}/{name}", **run.CASES[name])
    together(SCRIPT, 4, str(four), str(one), timeout=400.0)
    for name in "replicas", "tensor", "parallel":
        _check(one / LIKE[name], four / name)


def _check(one: Path, several: Path, rtol: float = 1e-12, atol: float = 1e-14) -> None:
    """Compare trainings, of which the second may have begun later."""
    ours, theirs = (
        torch.load(folder / "result.pth", weights_only=True) for folder in (several, one)
    )
    if len(ours["losses"]) == len(theirs["losses"]):
        for name, weight in theirs["first"].items():
            assert torch.equal(ours["first"][name], weight), name
    assert ours["losses"] == pytest.approx(
        theirs["losses"][-len(ours["losses"]) :], rel=rtol, abs=atol
    )
    assert ours["norms"] == pytest.approx(theirs["norms"], rel=rtol, abs=10 * atol)
    torch.testing.assert_close(ours["weights"], theirs["weights"], rtol=rtol, atol=atol)
    if rtol:
        assert ours["score"] == theirs["score"]


def test_mistakes() -> None:
    options: list[tuple[dict[str, Any], str]] = [
        ({"init": "rank1"}, "init is 'rank0' or 'meta'; got 'rank1'"),
        (
            {"mesh": {"shards": 2}},
            "mesh has replicate, shard, tensor; got 'shards'; did you mean 'shard'",
        ),
        ({"tensor_plan": {"fc": "column"}}, "says 'colwise' or 'rowwise'; got 'column'"),
        ({"precision": "fp8"}, "precision is 'bf16', 'fp16' or None; got 'fp8'"),
    ]
    for wrong, told in options:
        with pytest.raises(ValueError, match=told):
            FSDPStrategy(**wrong)


def test_one_process_shards_nothing(
    toy_cfg: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    from engine.runner import Runner

    plain = Runner.from_cfg(toy_cfg(strategy={"device": "cpu"}))
    plain.train()
    strategy = {"type": "FSDPStrategy", "device": "cpu", "shard": ["fc"], "mesh": {"replicate": 2}}
    runner = Runner.from_cfg(toy_cfg(strategy=strategy))
    runner.train()
    assert "there is one process, in which nothing is sharded" in caplog.text
    for ours, theirs in zip(runner.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
