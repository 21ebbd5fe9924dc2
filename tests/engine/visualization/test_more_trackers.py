"""Aim, ClearML, DVCLive and Neptune; `conftest` says whether the real ones."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import Config
from engine.visualization import NeptuneVisBackend, Visualizer

pytestmark = pytest.mark.filterwarnings("ignore")  # what the libraries warn of is not ours


def image() -> Any:
    return np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def started(tracker: Any, start: str) -> Visualizer:
    backend = {"type": tracker.backend, "init_kwargs": tracker.options()}
    return Visualizer("tracked", vis_backends=[backend], save_dir=tracker.folder / "work" / start)


def log(visualizer: Visualizer, steps: range) -> None:
    for step in steps:
        visualizer.add_scalars({"loss": torch.tensor(1 / step), "lr": np.float64(0.5)}, step)
    visualizer.add_scalar("acc/top1", 0.125 * steps.stop, steps.stop // 3)


def test_a_resumed_run_goes_on_in_the_same_run_of_the_tracker(tracker: Any) -> None:
    (tracker.folder / "work").mkdir()
    (tracker.folder / "work" / "small.py").write_text("a = 1")
    cfg = {"work_dir": str(tracker.folder / "work"), "model": {"depth": 18}}
    first = started(tracker, "1")
    assert first.state_dict() == {}
    first.add_config(Config(cfg))
    first.add_image("val/a", image(), step=3)
    log(first, range(1, 4))
    first.close()

    state = json.loads(json.dumps(first.state_dict()))  # as a checkpoint keeps it
    second = started(tracker, "2")
    second.load_state_dict(state)
    second.add_config(Config({**cfg, "resume": True}))
    log(second, range(4, 7))
    second.close()
    [run_id] = {each.state_dict()[tracker.backend]["run_id"] for each in (first, second)}

    kept = tracker.kept(run_id)
    for name, points in {
        "loss": [(step, pytest.approx(1 / step)) for step in range(1, 7)],
        "lr": [(step, 0.5) for step in range(1, 7)],
        "acc/top1": [(1, 0.5), (2, 0.875)],
    }.items():
        assert kept.scalars[name] == points
    untold = tracker.untold if tracker.is_real else ()
    if "config" not in untold:
        assert kept.config == Config({**cfg, "resume": True}).pretty_text
    if "images" not in untold:
        assert kept.images == [("val/a", 3)]
    if "files" not in untold and tracker.backend in ("ClearMLVisBackend", "DVCLiveVisBackend"):
        assert "small.py" in kept.files
    if not tracker.is_real:
        assert (kept.opened, kept.closed) == (2, 2)


def test_nothing_is_opened_before_it_is_used(tracker: Any) -> None:
    visualizer = started(tracker, "1")
    visualizer.close()
    assert visualizer.state_dict() == {}
    assert not tracker.runs
    assert not (tracker.folder / "work").exists()


def test_the_object_behind(tracker: Any) -> None:
    backend = started(tracker, "1").get_backend(tracker.backend)
    behind = backend.experiment
    assert behind is backend.experiment
    assert type(behind).__module__ != type(backend).__module__
    backend.close()


def test_a_missing_library_is_named(tracker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, tracker.package, None)
    message = (
        rf'{tracker.backend} needs {tracker.package}: pip install "engine\[{tracker.package}\]"'
    )
    visualizer = started(tracker, "1")  # which imports nothing yet
    with pytest.raises(ImportError, match=message):
        visualizer.check_installed()


@pytest.mark.parametrize("tracker", ["neptune"], indirect=True)
def test_neptune_without_a_token_is_offline(
    tracker: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NEPTUNE_PROJECT", "me/digits")
    monkeypatch.delenv("NEPTUNE_API_TOKEN", raising=False)
    backend = NeptuneVisBackend()
    backend.add_scalar("loss", 1.0, step=1)
    backend.close()
    assert "was given no api_token: the run is kept offline" in caplog.text
    if not tracker.is_real:
        assert tracker.runs[backend.run_id].mode == "offline"
    monkeypatch.setenv("NEPTUNE_API_TOKEN", "x")
    if not tracker.is_real:
        backend = NeptuneVisBackend()
        backend.add_scalar("loss", 1.0, step=1)
        assert tracker.runs[backend.run_id].mode is None
