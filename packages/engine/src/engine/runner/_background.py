"""A save that goes on in a thread while the training does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.checkpoint import Room


class BackgroundSave:
    """Runs one save at a time, in a thread or not; what fails in the thread is raised later.

    Attributes:
        room: Memory that saves in a thread share; to copy there takes half the time of new memory.
    """

    def __init__(self) -> None:
        self.room: Room = {}
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def run(self, write: Callable[[], None], background: bool) -> None:
        """Save, when the save before has ended.

        Args:
            write: The save.
            background: Whether it runs in a thread.

        Raises:
            CheckpointError: If the save before failed, or this one that is not in a thread.
        """
        self.wait()
        if not background:
            write()
            return
        # Not a daemon: what was begun is written before the process ends.
        self._thread = threading.Thread(target=self._attempt, args=(write,), name="checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Wait for the save in hand.

        Raises:
            CheckpointError: If it failed.
        """
        self.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def join(self) -> None:
        """Wait for the save in hand, whether it fails or not."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except BaseException as error:  # noqa: BLE001  # raised by `wait`
            self._error = error
