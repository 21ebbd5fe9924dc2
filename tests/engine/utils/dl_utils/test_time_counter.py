"""Averages of the time that something takes, by a clock that the tests turn on."""

from __future__ import annotations

import logging
import time

import pytest
import torch

from engine.utils.dl_utils import TimeCounter


class Clock:
    """A clock that stands still unless it is turned on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    monkeypatch.setattr(TimeCounter, "_runs", {})
    return clock


def test_a_function(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    @TimeCounter()
    def work(seconds: float) -> float:
        clock.now += seconds
        return seconds

    assert work(100.0) == 100.0  # to warm up
    assert capsys.readouterr().out == ""
    work(1.0)
    work(2.0)
    assert capsys.readouterr().out.splitlines() == [
        "[work] 1000.0 ms per run, averaged over 1 runs",
        "[work] 1500.0 ms per run, averaged over 2 runs",
    ]


def test_a_block_in_a_loop(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("time counter")
    with caplog.at_level(logging.INFO):
        for seconds in (0.5, 0.5, 0.1, 0.2, 0.3, 0.4, 0.5):
            with TimeCounter(2, 2, with_sync=False, tag="block", logger=logger):
                clock.now += seconds
    assert caplog.messages == [
        "[block] 150.0 ms per run, averaged over 2 runs",
        "[block] 250.0 ms per run, averaged over 4 runs",
    ]


@pytest.mark.parametrize(("with_sync", "told"), [(True, "3000.0 ms"), (False, "1000.0 ms")])
def test_what_an_accelerator_still_does_counts(
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    with_sync: bool,
    told: str,
) -> None:
    queued = [2.0]  # seconds that the accelerator needs after the block

    def synchronize() -> None:
        clock.now += queued.pop()

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    queued.append(0.0)  # nothing is queued when the block begins
    with TimeCounter(warmup_interval=0, with_sync=with_sync, tag="block"):
        clock.now += 1.0
    assert told in capsys.readouterr().out


def test_a_run_that_fails_does_not_count(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), TimeCounter(warmup_interval=0, tag="failing"):
            _ = 1 / 0
    assert capsys.readouterr().out == ""


def test_a_block_needs_a_name() -> None:
    with pytest.raises(ValueError, match="a block is timed under a name"), TimeCounter():
        pass
