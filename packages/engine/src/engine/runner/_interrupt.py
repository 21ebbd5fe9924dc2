"""Interruption of a run by a signal."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

import torch

from engine.dist import all_reduce, is_distributed
from engine.logging import get_logger

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGREE_EVERY = 10


class TrainingInterrupted(KeyboardInterrupt):
    """A signal ended the training; it was saved and can be resumed.

    Args:
        signum: The signal.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.signum = signum


class StopRequest:
    """A `with` block in which the first SIGINT or SIGTERM asks the loop to stop at its next step.

    A second signal ends the process at once. Outside of the main thread signals are left alone.
    """

    def __init__(self) -> None:
        self._signum = 0
        self._former: dict[int, Any] = {}
        self._checks = 0
        self._is_shared = False

    def __enter__(self) -> Self:
        self._is_shared = is_distributed()
        if threading.current_thread() is threading.main_thread():
            self._former = {signum: signal.signal(signum, self._note) for signum in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def check(self) -> None:
        """Stop if that was asked for; processes that work together stop at the same step.

        Raises:
            TrainingInterrupted: If a signal came.
        """
        if self._is_shared:
            self._checks += 1
            if self._checks % _AGREE_EVERY:
                return
            signum = torch.tensor(self._signum)
            all_reduce(signum, "max")
            self._signum = int(signum)
        if self._signum:
            raise TrainingInterrupted(self._signum)

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
