"""How far a loop has come."""

from __future__ import annotations

import io
import math
import operator
import time
from typing import Any

import pytest

from engine import utils
from engine.utils import ProgressBar, TimerError
from engine.utils.progressbar import init_pool

# A process that has threads and is forked gets a warning from some releases of Python.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


class Clock:
    """A clock that goes on by a step each time that it is read."""

    def __init__(self) -> None:
        self.now, self.step = 1000.0, 1.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let a second go by at each look at the clock, and have a terminal of 80 columns."""
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    monkeypatch.setenv("COLUMNS", "80")
    return clock


def lines(file: io.StringIO) -> list[str]:
    """Return what stood in the line, one after the other."""
    return file.getvalue().split("\r")[1:]


def test_the_line() -> None:
    file = io.StringIO()
    bar = ProgressBar(4, bar_width=8, file=file)
    assert bar.terminal_width == 80
    bar.update()
    bar.update(2)
    bar.update()
    first, second, third, last = lines(file)
    assert first == "[        ] 0/4, 0.0 task/s, elapsed: 0s, ETA: ?"
    assert second.startswith("[>>      ] 1/4, ")
    assert third.startswith("[>>>>>>  ] 3/4, ")
    assert last.startswith("[>>>>>>>>] 4/4, ")
    assert last.endswith("ETA: 0s\n")


def test_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    file = io.StringIO()
    bar = ProgressBar(2, file=file)
    bar.update()
    assert all(len(line) < 60 for line in lines(file))
    monkeypatch.setenv("COLUMNS", "10")
    bar.update()
    assert lines(file)[-1].startswith("[>] 2/2, ")


def test_a_number_that_is_not_known() -> None:
    file = io.StringIO()
    bar = ProgressBar(file=file)
    bar.update(3)
    assert lines(file)[0] == "0 done, 0.0 task/s, elapsed: 0s"
    assert lines(file)[1].startswith("3 done, ")
    assert "\n" not in file.getvalue()


def test_a_bar_begins_when_it_is_told() -> None:
    file = io.StringIO()
    bar = ProgressBar(2, start=False, file=file)
    assert file.getvalue() == ""
    with pytest.raises(TimerError):
        bar.update()
    with pytest.raises(ValueError, match="num_tasks is positive; got 0"):
        bar.update(0)


def test_a_shorter_line_covers_a_longer_one(clock: Clock) -> None:
    file = io.StringIO()
    bar = ProgressBar(2, bar_width=4, file=file)
    clock.step = 1e6
    bar.update()
    clock.step = 0.0
    bar.update()
    _, longer, shorter = lines(file)
    assert longer.endswith("ETA: 1000001s")
    assert shorter.rstrip().endswith("ETA: 0s")
    assert len(shorter) == len(longer) + 1  # the end of the line


def test_a_function_for_each_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert utils.track_progress(operator.neg, [1, 2, 3]) == [-1, -2, -3]
    assert "3/3, " in capsys.readouterr().out
    file = io.StringIO()
    pair = (iter("ab"), 2)
    assert utils.track_progress(lambda task, by: task * by, pair, file=file, by=2) == ["aa", "bb"]
    assert "2/2, " in file.getvalue()


def test_iteration() -> None:
    file = io.StringIO()
    seen = []
    for task in utils.track_iter_progress(["a", "b"], bar_width=4, file=file):
        seen.append((task, lines(file)[-1][:11]))
    assert seen == [("a", "[    ] 0/2,"), ("b", "[>>  ] 1/2,")]


@pytest.mark.parametrize("tasks", [iter([1]), (1, 2), ([1], "2"), ([1], 2, 3), 5])
def test_how_many_tasks_there_are_must_be_known(tasks: Any) -> None:
    for track in (utils.track_progress, utils.track_parallel_progress):
        with pytest.raises(TypeError, match="a pair of an iterable and the number of tasks"):
            track(math.sqrt, tasks, 2)
    with pytest.raises(TypeError, match="a pair of an iterable and the number of tasks"):
        next(utils.track_iter_progress(tasks))


@pytest.mark.parametrize("skip_first", [False, True])
@pytest.mark.parametrize("keep_order", [True, False])
def test_several_processes(keep_order: bool, skip_first: bool) -> None:
    file = io.StringIO()
    tasks = [float(number**2) for number in range(7)]
    found = utils.track_parallel_progress(
        math.sqrt, tasks, 2, keep_order=keep_order, skip_first=skip_first, file=file
    )
    assert found == [*range(7)] if keep_order else sorted(found) == [*range(7)]
    assert ("5/5, " if skip_first else "7/7, ") in file.getvalue()


def test_all_tasks_are_first_ones() -> None:
    file = io.StringIO()
    found = utils.track_parallel_progress(math.sqrt, ([4.0], 1), 2, skip_first=True, file=file)
    assert found == [2.0]


def test_processes_are_set_up() -> None:
    with init_pool(1, math.factorial, (3,)) as pool:
        assert pool.apply(math.sqrt, (9.0,)) == 3.0


@pytest.mark.parametrize("nproc", [1, 2])
def test_richs_bar(capsys: pytest.CaptureFixture[str], nproc: int) -> None:
    track = utils.track_progress_rich
    assert track(math.sqrt, [4.0, 9.0], nproc=nproc, description="Roots") == [2.0, 3.0]
    assert "Roots" in (shown := capsys.readouterr().out)
    assert "2/2" in shown
    assert track(math.pow, [(2, 3), (3, 2)], nproc=nproc) == [8.0, 9.0]
    assert track(dict, [{"a": 1}], nproc=nproc, color="red") == [{"a": 1}]
    assert track(dict, task_num=3, nproc=nproc) == [{}, {}, {}]
    assert track(math.sqrt, iter([4.0, 9.0, 16.0]), task_num=2, nproc=nproc) == [2.0, 3.0]
    assert track(math.sqrt, iter([4.0]), nproc=nproc) == [2.0]
    assert track(math.sqrt, [], nproc=nproc) == []


def test_richs_bar_must_know_the_number() -> None:
    with pytest.raises(ValueError, match="without tasks, task_num says how often"):
        utils.track_progress_rich(dict)
    with pytest.raises(ValueError, match="there are 2 tasks, but task_num is 3"):
        utils.track_progress_rich(math.sqrt, [1.0, 2.0], task_num=3)
