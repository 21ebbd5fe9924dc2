"""How benchmarks measure: in seconds, and in instructions that don't depend on what else runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

Op = Callable[[], object]


class Case(NamedTuple):
    """A thing to measure.

    Attributes:
        name: What it is.
        op: The thing.
        floor: The name of the case that is its floor; a floor has none.
        most: The ratio that it should not exceed.
        within: The context in which it is measured.
        repeats: How often it is done in a round that is timed.
    """

    name: str
    op: Op
    floor: str | None = None
    most: float | None = None
    within: Callable[[], AbstractContextManager[object]] = nullcontext
    repeats: int = 4_000

    @property
    def counted(self) -> int:
        """How often it is done when its instructions are counted."""
        return max(2, self.repeats // 8)


_NOTHING = Case("nothing", lambda: None)  # what it takes is subtracted from each


def seconds(case: Case, rounds: int = 15) -> float:
    """Return the time of one call in nanoseconds, the best of several rounds."""
    op, best = case.op, float("inf")
    with case.within():
        for _ in range(rounds):
            start = time.perf_counter_ns()
            for _ in range(case.repeats):
                op()
            best = min(best, time.perf_counter_ns() - start)
    return best / case.repeats


def by_turns(ops: Sequence[Op], rounds: int, times: int = 1) -> list[float]:
    """Return the seconds that each takes, the best of several rounds in which they take turns.

    Args:
        ops: What is done.
        rounds: How many rounds there are.
        times: How often each is done in a round.
    """
    best = [float("inf")] * len(ops)
    for _ in range(rounds):
        for number, op in enumerate(ops):
            start = time.perf_counter()
            for _ in range(times):
                op()
            best[number] = min(best[number], (time.perf_counter() - start) / times)
    return best


def instructions(script: str, words: Sequence[str]) -> dict[str, float]:
    """Return the instructions of one call of each case, counted by valgrind's callgrind.

    Args:
        script: The file of a benchmark, which calls `count` when it is run with `words`.
        words: Its words.

    Returns:
        Nothing where there is no valgrind.
    """
    if shutil.which("valgrind") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--dump-before=getppid"]
        command += [f"--callgrind-out-file={folder}/out", "-q", sys.executable, script, *words]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        order = [line.rpartition(" ") for line in told.splitlines()]
        dumps = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        counts = [int(re.findall(r"^totals: (\d+)", path.read_text(), re.M)[0]) for path in dumps]
    # A dump holds what came before its mark, and a case stands between two marks.
    between = counts[2::2]
    each = {
        name: total / int(repeats) for (name, _, repeats), total in zip(order, between, strict=True)
    }
    nothing = each.pop(_NOTHING.name)
    return {name: number - nothing for name, number in each.items()}


def count(cases: Iterable[Case]) -> None:
    """Run each case between two marks that callgrind sees; print the names and repeats in order."""
    everything = [_NOTHING, *cases]
    os.getppid()  # what came before belongs to no case
    for case in everything:
        print(case.name, case.counted)
        op = case.op
        with case.within():
            op()  # fills the caches
            os.getppid()
            for _ in range(case.counted):
                op()
            os.getppid()


def print_table(cases: Iterable[Case], counted: dict[str, float]) -> None:
    """Measure the cases and print a table, the call of an empty function subtracted from each.

    Args:
        cases: The cases, each floor before what it is the floor of.
        counted: The instructions of each; empty if they could not be counted.
    """
    print("| case | ns | time ratio | instructions | instruction ratio | target |")
    print("|---|---:|---:|---:|---:|---:|")
    timed: dict[str, float] = {}
    nothing = seconds(_NOTHING)
    for case in cases:
        timed[case.name] = seconds(case) - nothing
        ratio = counted_ratio = ""
        if case.floor is not None:
            ratio = f"{timed[case.name] / timed[case.floor]:.1f}"
            if counted:
                counted_ratio = f"{counted[case.name] / counted[case.floor]:.1f}"
        number = f"{counted[case.name]:.0f}" if counted else "no valgrind"
        most = f"≤ {case.most:g}" if case.most else ""
        print(
            f"| {case.name} | {timed[case.name]:.0f} | {ratio} | {number} | {counted_ratio} "
            f"| {most} |"
        )
