"""How long something takes, by a clock that the tests turn on."""

from __future__ import annotations

import time

import pytest

from engine.utils import Timer, TimerError, check_time


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
    return clock


def test_since_the_start_and_since_the_last_check(clock: Clock) -> None:
    timer = Timer()
    assert timer.is_running
    clock.now += 1
    assert timer.since_start() == 1
    clock.now += 2
    assert timer.since_last_check() == 2
    clock.now += 3
    assert timer.since_last_check() == 3
    assert timer.since_start() == 6
    assert timer.since_last_check() == 0


def test_a_timer_that_is_not_running(clock: Clock) -> None:
    timer = Timer(start=False)
    assert not timer.is_running
    for ask in (timer.since_start, timer.since_last_check):
        with pytest.raises(TimerError, match=r"the timer is not running; call start\(\) first"):
            ask()
    timer.start()
    clock.now += 1
    assert timer.since_last_check() == 1


@pytest.mark.parametrize(
    ("template", "text"), [(None, "2.500\n"), ("took {:.1f} s", "took 2.5 s\n")]
)
def test_the_time_of_a_block(
    clock: Clock, capsys: pytest.CaptureFixture[str], template: str | None, text: str
) -> None:
    with Timer(print_tmpl=template) as timer:
        assert timer.is_running
        clock.now += 2.5
    assert not timer.is_running
    assert capsys.readouterr().out == text


def test_time_between_calls(clock: Clock) -> None:
    assert check_time("between calls") == 0
    clock.now += 2
    assert check_time("between calls") == 2
    assert check_time("another") == 0
    clock.now += 3
    assert check_time("between calls") == 3
