"""Processes of the runs of a sweep, so many at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import IO, Any, Protocol, Self

from ._outcome import Outcome
from ._plan import Sweep, SweepRun

_POLL = 0.2  # seconds
_LOOK = 2.0  # seconds between two looks at the scores of a run
_OUTPUT, _LOCK, _SWEEP_LOCK = "output.log", ".run", ".sweep"
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is not known to Windows


class RunSource(Protocol):
    """What says which run is next."""

    def next(self) -> SweepRun | None:
        """Return the next run; None if there is none before another one has ended."""

    def is_hopeless(self, run: SweepRun) -> bool:
        """Return whether a run is to be stopped for it is worse than others."""

    def done(self, run: SweepRun, outcome: Outcome) -> None:
        """Take note of how a run ended; not called for one that was interrupted."""


class FixedRuns:
    """Runs that are known from the beginning.

    Args:
        runs: The runs.
    """

    def __init__(self, runs: Iterable[SweepRun]) -> None:
        self._runs = [*runs][::-1]

    def next(self) -> SweepRun | None:
        """Return the next run."""
        return self._runs.pop() if self._runs else None

    def is_hopeless(self, run: SweepRun) -> bool:
        """Return that it is not."""
        return False

    def done(self, run: SweepRun, outcome: Outcome) -> None:
        """Do nothing."""


@dataclass
class SweepOutcome:
    """What came of a sweep.

    Attributes:
        runs: How each run ended.
        signum: The signal that ended the sweep before its end; 0 if none did.
    """

    runs: dict[SweepRun, Outcome] = field(default_factory=dict)
    signum: int = 0

    @property
    def failed(self) -> dict[SweepRun, str]:
        """The runs that failed, and their errors."""
        return {run: each.error for run, each in self.runs.items() if each.status == "failed"}

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return {
            "runs": [
                {
                    "name": run.name,
                    "setting": dict(run.setting),
                    "seed": run.seed,
                    "status": outcome.status,
                    "error": outcome.error or None,
                }
                for run, outcome in self.runs.items()
            ]
        }


Tell = Callable[[SweepRun, Outcome, float], object]
"""What is called with a run that ended, how it did, and the seconds that it took."""


def run_all(
    sweep: Sweep, source: RunSource, parallel: int = 1, tell: Tell | None = None
) -> SweepOutcome:
    """Train the runs of a sweep, each in a process of its own; those that are finished are not.

    A first signal lets the processes save and end; a second one kills them.

    Args:
        sweep: The sweep.
        source: Says which run is next.
        parallel: How many run at once.
        tell: Called with each run that has ended now or earlier.

    Raises:
        ValueError: If another process is at this sweep, or a run was made with other options.
    """
    if parallel < 1:
        raise ValueError(f"at least 1 run is trained at once; got {parallel}")
    outcome = SweepOutcome()
    slots = [*_environments(parallel, sweep.arguments)]
    active: dict[int, _RunProcess] = {}
    with _only_one(Path(sweep.work_dir)), _Signals() as signals:
        try:
            while True:
                while len(active) < parallel and not signals.first and (run := source.next()):
                    before = checked_outcome(sweep, run)
                    if before.is_over:
                        _note(outcome, source, run, before, 0.0, tell)
                        continue
                    slot = next(number for number in range(parallel) if number not in active)
                    active[slot] = _RunProcess(sweep, run, slots[slot])
                if not active:
                    break
                time.sleep(_POLL)
                for slot, process in [*active.items()]:
                    process.update(source, signals)
                    if (ended := process.outcome) is not None:
                        del active[slot]
                        _note(outcome, source, process.run, ended, process.seconds, tell)
        finally:  # after an error here, the processes save and end
            for process in active.values():
                process.stop()
    outcome.signum = signals.first
    return outcome


def checked_outcome(sweep: Sweep, run: SweepRun) -> Outcome:
    """Return how far a run is.

    Raises:
        ValueError: If it was made with other options.
    """
    folder = sweep.folder(run)
    known = Outcome.read(folder)
    if known.words and list(known.words) != sweep.words(run):
        raise ValueError(
            f"{folder} is a run with other options; give the sweep another --work-dir. It was: "
            f"engine {' '.join(known.words)}"
        )
    return known


def _note(
    sweep: SweepOutcome,
    source: RunSource,
    run: SweepRun,
    outcome: Outcome,
    seconds: float,
    tell: Tell | None,
) -> None:
    sweep.runs[run] = outcome
    if outcome.status != "interrupted":
        source.done(run, outcome)
    if tell is not None:
        tell(run, outcome, seconds)


class _RunProcess:
    """The process of a run, which begins once no earlier one is at the same run."""

    def __init__(self, sweep: Sweep, run: SweepRun, environment: Mapping[str, str]) -> None:
        self.run = run
        self.outcome: Outcome | None = None
        self._words, self._command = sweep.words(run), sweep.command(run)
        self._folder = sweep.folder(run)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = self._looked = time.monotonic()
        self._is_pruned, self._sent = False, 0
        self._start()

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self._begun

    def update(self, source: RunSource, signals: _Signals) -> None:
        """Start it, stop it, or note how it ended."""
        if self._process is None:
            if signals.first:
                self.outcome = Outcome("interrupted")
            else:
                self._start()
        elif (status := self._process.poll()) is not None:
            self.outcome = self._ended(status)
        elif signals.is_repeated:
            self._process.kill()
        elif signals.first:
            self._send(signal.SIGINT if signals.first == signal.SIGINT else signal.SIGTERM)
        elif time.monotonic() - self._looked > _LOOK:
            self._looked = time.monotonic()
            if not self._is_pruned and source.is_hopeless(self.run):
                self._is_pruned = True
                self._send(signal.SIGTERM)

    def stop(self) -> None:
        """Let it save, and wait for its end."""
        if self._process is not None:
            self._send(signal.SIGTERM)
            self._process.wait()

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(self._folder / _LOCK)
        if lock is None:  # a process that outlived the sweep that had started it
            return
        known = Outcome.read(self._folder)
        if known.is_over:  # meanwhile
            self.outcome = known
            lock.close()
            return
        Outcome("running", words=tuple(self._words)).write(self._folder)
        # The process holds the lock as long as it lives, whatever becomes of this one.
        inherited = () if sys.platform == "win32" else (lock.fileno(),)
        with lock, open(self._folder / _OUTPUT, "ab") as output:
            self._process = subprocess.Popen(
                [*self._command, "--outcome"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment},
                pass_fds=inherited,
                process_group=None if sys.platform == "win32" else 0,  # Ctrl-C is for this one
            )

    def _send(self, signum: int) -> None:
        """Send a signal, once: a second one would end the process without saving."""
        assert self._process is not None
        if not self._sent:
            self._sent = signum
            self._process.send_signal(signum)

    def _ended(self, status: int) -> Outcome:
        noted = Outcome.read(self._folder)
        if noted.status == "running":  # it could not say more
            if self._sent:
                noted = replace(noted, status="interrupted")
            else:
                noted = replace(noted, status="failed", error=self._last_words(status))
        elif noted.status == "interrupted" and self._is_pruned:
            noted = replace(noted, status="pruned")
        noted.write(self._folder)
        return noted

    def _last_words(self, status: int) -> str:
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        text = (self._folder / _OUTPUT).read_text("utf-8", "replace").strip()
        return text.splitlines()[-1] if text else f"ended with exit status {status}"


class _Signals:
    """Takes note of signals in a `with` block, if that is in the main thread."""

    def __init__(self) -> None:
        self.first = 0
        self.is_repeated = False
        self._former: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
            self._former = {number: signal.signal(number, self._take) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _take(self, signum: int, frame: FrameType | None) -> None:
        self.is_repeated = bool(self.first)
        self.first = self.first or signum


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder / _SWEEP_LOCK)
    if lock is None:
        raise ValueError(f"another process is at the sweep in {folder}; wait for it, or end it")
    with lock:
        yield


def _lock(path: Path) -> IO[bytes] | None:
    """Return a file that is locked as long as it is open in any process; None if it is already."""
    file = open(path, "ab")  # noqa: SIM115  # open as long as the lock is held
    if sys.platform == "win32":
        return file
    import fcntl  # not on Windows

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError:  # the file system has no locks
        pass
    return file


def _environments(parallel: int, arguments: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the variables of each slot: its share of the cores, and a device of its own."""
    if parallel == 1:
        yield {}
        return
    cores = str(max(1, len(os.sched_getaffinity(0)) // parallel)) if _HAS_AFFINITY else "1"
    threads = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": cores}
    devices = [] if "--device" in arguments else _visible_devices()
    for slot in range(parallel):
        device = devices[slot % len(devices)] if len(devices) > 1 else None
        yield threads if device is None else {**threads, "CUDA_VISIBLE_DEVICES": device}


_HAS_AFFINITY = hasattr(os, "sched_getaffinity")


def _visible_devices() -> list[str]:
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [each for each in given.split(",") if each]
    with suppress(ImportError):
        import torch  # deferred: only here it is needed

        return [str(number) for number in range(torch.cuda.device_count())]
    return []
