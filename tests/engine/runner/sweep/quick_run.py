"""A run of a sweep without a training, which ends at once in the way that it is told."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from engine.runner.sweep import noting_outcome


def main(folder: Path, what: str) -> None:
    starts = folder / "starts"
    is_first = not starts.exists()
    with starts.open("a") as file:
        file.write("start\n")
    signal.signal(signal.SIGTERM, _interrupt)
    with noting_outcome(folder):
        if what == "stop" and is_first:
            os.kill(os.getppid(), signal.SIGTERM)  # which the sweep passes on
        if what in ("stop", "poor") and is_first:
            _wait_for_a_signal(folder)
        if what == "orphan" and is_first:
            _outlive_the_sweep(folder)
        if what == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "fail":
            raise ValueError("this is wrong\nand more")
        log_scores(folder, [0.5])


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def log_scores(folder: Path, scores: list[float]) -> None:
    """Leave the numbers that a training leaves."""
    numbers = folder / "20260101_000000" / "vis_data"
    numbers.mkdir(parents=True, exist_ok=True)
    lines = [{"loss": 1.0, "iter": 1, "step": 1}]
    lines += [{"acc": score, "step": step} for step, score in enumerate(scores, 1)]
    (numbers / "scalars.json").write_text("\n".join(map(json.dumps, lines)))


def _wait_for_a_signal(folder: Path) -> None:
    """Log a score, and wait for the signal that ends it as a training ends."""
    log_scores(folder, [0.1])
    signal.pause()


def _outlive_the_sweep(folder: Path) -> None:
    """Kill the sweep, and go on until it is started again."""
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    while os.getppid() == parent or not (folder.parent / "again").exists():
        os.sched_yield()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
