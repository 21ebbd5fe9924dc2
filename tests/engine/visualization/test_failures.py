"""Backends that fail or hang: the run goes on, and is told once."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import Config
from engine.runner import Runner
from engine.visualization import BaseVisBackend, LocalVisBackend, Visualizer, force_init_env

CfgMaker = Callable[..., Config]

VERBS = {
    "add_config": (Config({"a": 1}),),
    "add_graph": (torch.nn.Linear(1, 1), None),
    "add_image": ("a", np.zeros((2, 2, 3), np.uint8), 1),
    "add_scalar": ("a", 1.0, 1),
    "add_scalars": ({"a": 1.0}, 1),
    "close": (),
    "state_dict": (),
}


class Failing(BaseVisBackend):
    """A backend that fails in one method, or in all."""

    def __init__(self, save_dir: Any = "", verb: str = "") -> None:
        super().__init__(save_dir)
        self.calls: list[str] = []

        def call(name: str) -> Callable[..., None]:
            def method(*args: Any, **kwargs: Any) -> None:
                self.calls.append(name)
                if verb in ("", name):
                    raise OSError("the server is away")

            method.__name__ = name
            return method

        for name in (*VERBS, "load_state_dict"):
            setattr(self, name, call(name))


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_may_fail(tmp_path: Path, caplog: pytest.LogCaptureFixture, verb: str) -> None:
    failing = Failing(verb=verb)
    visualizer = Visualizer(vis_backends=[failing, LocalVisBackend(tmp_path)])
    with caplog.at_level(logging.ERROR, logger="engine"):
        for _ in range(2):
            for name, args in VERBS.items():
                getattr(visualizer, name)(*args)
    [record] = caplog.records
    assert f"The visual backend Failing failed in {verb}; the run goes on" in record.getMessage()
    assert record.exc_info is not None
    assert set(failing.calls) == set(VERBS)
    assert len((tmp_path / "scalars.json").read_text().splitlines()) == 4


def test_a_run_goes_on_whatever_fails(toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture) -> None:
    backends = [{"type": Failing}, {"type": "LocalVisBackend"}]
    cfg = toy_cfg(visualizer={"type": "Visualizer", "vis_backends": backends})
    Runner.from_cfg(cfg).train()
    runner = Runner.from_cfg(cfg.copy() | {"resume": True, "train_cfg": {"max_epochs": 4}})
    runner.train()
    runner.test()
    assert runner.epoch == 4
    assert caplog.text.count("The visual backend Failing failed in") == 2  # one for each run
    calls = runner.visualizer.get_backend("Failing").calls  # type: ignore[attr-defined]  # its own
    assert {"add_config", "add_scalars", "close"} <= set(calls)


class Slow(BaseVisBackend):
    """A backend whose server takes its time to be away."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__("")
        self.clock = clock
        self.tries = 0

    def _init_env(self) -> None:
        self.tries += 1
        self.clock[0] += 30
        raise TimeoutError("the server is away")

    @force_init_env
    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None: ...


def test_what_fails_slowly_takes_a_tenth_of_the_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    backend = Slow(clock)
    visualizer = Visualizer(vis_backends=[backend])
    for step in range(1000):
        visualizer.add_scalars({"loss": 1.0}, step)
        clock[0] += 1
    assert backend.tries == 4
    assert clock[0] == 1000 + 4 * 30
    assert len(caplog.records) == 1


class Hanging(BaseVisBackend):
    """A backend that never ends."""

    close_timeout = 0.02

    def __init__(self) -> None:
        super().__init__("")
        self.end = Event()

    def close(self) -> None:
        self.end.wait()


def test_a_back_end_that_hangs_at_the_end_is_left_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hanging, local = Hanging(), LocalVisBackend(tmp_path)
    visualizer = Visualizer(vis_backends=[hanging, local])
    visualizer.add_scalars({"loss": 1.0}, 1)
    visualizer.close()
    hanging.end.set()
    [record] = caplog.records
    assert "Hanging did not close within 0.02 s" in record.getMessage()


def test_a_process_ends_though_a_back_end_hangs() -> None:
    program = """
from threading import Event
from engine.visualization import BaseVisBackend, Visualizer

class Hanging(BaseVisBackend):
    close_timeout = 0.02

    def close(self):
        Event().wait()

Visualizer(vis_backends=[Hanging("")]).close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Hanging did not close within 0.02 s" in done.stderr


@pytest.mark.filterwarnings("ignore")  # tensorboard's thread tells its end as an error of its own
def test_a_failure_in_a_thread_of_the_tracker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tensorboard.summary.writer.event_file_writer import _AsyncWriterThread
    from tensorboard.summary.writer.record_writer import RecordWriter

    threads, is_awaited = list[Thread](), Event()
    run = _AsyncWriterThread.run

    def run_until_awaited(self: Any) -> None:
        threads.append(self)
        try:
            run(self)
        except BaseException:
            is_awaited.wait()
            raise

    def join(self: Any, timeout: float | None = None) -> None:
        is_awaited.set()
        Thread.join(self, timeout)

    def write(self: Any, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_AsyncWriterThread, "run", run_until_awaited)
    monkeypatch.setattr(_AsyncWriterThread, "join", join)
    backend = {"type": "TensorboardVisBackend"}
    visualizer = Visualizer(vis_backends=[backend], save_dir=tmp_path)
    visualizer.add_scalar("loss", 1.0, step=0)
    monkeypatch.setattr(RecordWriter, "write", write)
    visualizer.add_scalar("loss", 1.0, step=1)
    visualizer.close()
    has_ended = [not thread.is_alive() for thread in threads]
    is_awaited.set()  # so that a thread that was left behind ends with the test
    assert has_ended == [True]
    [record] = caplog.records
    assert "TensorboardVisBackend failed in" in record.getMessage()
    assert "No space left on device" in caplog.text


def test_opening_is_tried_again_after_a_failure(tmp_path: Path) -> None:
    class Twice(LocalVisBackend):
        tries = 0

        def _init_env(self) -> None:
            self.tries += 1
            if self.tries == 1:
                raise OSError("not yet")

        @force_init_env
        def add_scalars(self, *args: Any, **kwargs: Any) -> None:
            super().add_scalars(*args, **kwargs)

    backend = Twice(tmp_path)
    with pytest.raises(OSError, match="not yet"):
        backend.add_scalars({"loss": 1.0})
    backend.add_scalars({"loss": 2.0})
    backend.add_scalars({"loss": 3.0})
    backend.close()
    assert backend.tries == 2
    assert len((tmp_path / "scalars.json").read_text().splitlines()) == 2


def test_a_back_end_that_was_used_too_early_is_a_run_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    visualizer = Visualizer(vis_backends=[{"type": "TensorboardVisBackend"}], save_dir=tmp_path)
    visualizer.add_scalar("loss", 1.0)
    visualizer.load_state_dict({"TensorboardVisBackend": {"run_id": "x", "start": "1"}})
    assert "was used before the run was resumed, and is a run of its own" in caplog.text
    visualizer.close()
