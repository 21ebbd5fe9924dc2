"""Interruption of a run by a signal."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

import torch

from engine.dist import all_reduce, is_distributed, is_main_process, requeue_slurm_job
from engine.logging import get_logger

_ALWAYS = (signal.SIGINT, signal.SIGTERM)
_AGREE_EVERY = 10  # steps at most
_AGREE_WITHIN = 1.0  # seconds, for steps that are no longer


class TrainingInterrupted(KeyboardInterrupt):
    """A signal ended the training; it was saved and can be resumed.

    Args:
        signum: The signal.
        exit_status: The exit status of a program that ends with this error; None means 130 after
            SIGINT and 0 after any other signal.
    """

    def __init__(self, signum: int, exit_status: int | None = None) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.signum = signum
        if exit_status is None:
            exit_status = 130 if signum == signal.SIGINT else 0
        self.exit_status = exit_status


class StopRequest:
    """A `with` block in which the first signal to stop asks the loop to stop at its next step.

    A second signal ends the process at once. Outside of the main thread signals are left alone.

    Args:
        signals: The signals, by name without `SIG`, beside INT and TERM, which always stop a run;
            with `requeue`, those after which the job is queued again.
        requeue: `'slurm'` queues the job of slurm again, once the run is saved; None nothing.
        exit_status: The exit status of `engine train` after a signal other than INT.
    """

    def __init__(
        self,
        signals: Sequence[str] = (),
        requeue: str | None = None,
        exit_status: int = 0,
    ) -> None:
        self._listed = [signal.Signals[f"SIG{name}"] for name in signals]
        self._requeues = requeue is not None
        self._exit_status = exit_status
        self._signum = 0
        self._former: dict[int, Any] = {}
        self._is_shared = False
        self._interval = self._left = 1  # steps from one agreement to the next
        self._agreed_at = 0.0

    def __enter__(self) -> Self:
        self._is_shared = is_distributed()
        self._interval = self._left = 1
        self._agreed_at = time.monotonic()
        if threading.current_thread() is threading.main_thread():
            stops = {*_ALWAYS, *self._listed}
            self._former = {signum: signal.signal(signum, self._note) for signum in stops}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def check(self) -> None:
        """Stop after a step if that was asked for.

        Processes that work together stop at the same step: after the one in hand if it takes a
        second or more, and otherwise within about a second.

        Raises:
            TrainingInterrupted: If a signal came.
        """
        if self._is_shared:
            self._left -= 1
            if self._left:
                return
            self._agree()
        if self._signum:
            self._interrupt()

    def check_alone(self) -> None:
        """Stop in the middle of a step if that was asked for, unless other processes go on.

        Raises:
            TrainingInterrupted: If a signal came.
        """
        if self._signum and not self._is_shared:
            self._interrupt()

    def _interrupt(self) -> NoReturn:
        is_by_hand = self._signum == signal.SIGINT
        raise TrainingInterrupted(self._signum, None if is_by_hand else self._exit_status)

    def after_saving(self) -> None:
        """Queue the job again if the signal asks for it; called once the run is saved."""
        if self._requeues and self._signum in self._listed and is_main_process():
            requeue_slurm_job()

    def _agree(self) -> None:
        """Share the signal, and the time of a step, from which the next agreement follows."""
        now = time.monotonic()
        facts = torch.tensor(
            [self._signum, (now - self._agreed_at) / self._interval], dtype=torch.float64
        )
        all_reduce(facts, "max")
        signum, seconds = facts.tolist()
        self._signum = int(signum)
        steps = int(_AGREE_WITHIN / seconds) if seconds else _AGREE_EVERY
        self._interval = self._left = min(max(steps, 1), _AGREE_EVERY)
        self._agreed_at = now

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self._signum = signum
        self._restore()
        # Not from here: the signal may have come in the middle of a line that is being written.
        threading.Thread(target=_announce, args=(signum,)).start()

    def _restore(self) -> None:
        while self._former:
            signum, handler = self._former.popitem()
            signal.signal(signum, handler)


def _announce(signum: int) -> None:
    get_logger().warning(
        "%s: saving after this step; a second signal ends the run at once",
        signal.Signals(signum).name,
    )
