"""A sweep of runs that end at once; as a script, it is run."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.runner.sweep import FixedRuns, Sweep, SweepRun, run_all


class QuickSweep(Sweep):
    """A sweep whose runs are `quick_run.py`."""

    def command(self, run: SweepRun) -> list[str]:
        script = Path(__file__).with_name("quick_run.py")
        return [sys.executable, str(script), str(self.folder(run)), str(run.setting["do"])]


if __name__ == "__main__":
    sweep = QuickSweep("x.py", {"do": tuple(sys.argv[2:])}, sys.argv[1])
    run_all(sweep, FixedRuns(sweep.grid()))
