"""A watch over the processes of a run: the first error of one ends them all."""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from torch.distributed.distributed_c10d import Store, _get_default_store

from ._groups import get_backend, get_rank, get_world_size, is_distributed
from ._lost import ProcessLostError, describe_lost, has_ended, is_of_connection
from ._meeting import has_agent_store

_LOOK_EVERY = 0.5  # seconds
_GRACE = 5.0  # seconds in which a process may end by itself after an error of another one
_LONGEST = 500  # characters of an error that are told
_blocks = count()  # every process of a run enters as many


@contextmanager
def fail_together() -> Iterator[None]:
    """Run a `with` block that ends in all processes with the first error of one of them.

    All processes enter it together. A thread of each looks whether another one failed, whatever the
    process itself waits for; one that does not end by itself within seconds is ended, after it
    printed that error. No launcher is needed for this.

    Raises:
        ProcessLostError: If another process failed, ended or does not answer; it names the first.
    """
    if not is_distributed() or get_world_size() == 1 or get_backend() == "fake":
        yield
        return
    watch = _Watch(next(_blocks))
    try:
        yield
    except BaseException as error:
        # A stop by a signal is agreed on by all: a subclass of KeyboardInterrupt.
        if isinstance(error, KeyboardInterrupt) and type(error) is not KeyboardInterrupt:
            watch.leave()
            raise
        lost = (watch.first() or describe_lost()) if is_of_connection(error) else ""
        watch.tell(lost or _describe(error))
        if lost:
            raise ProcessLostError(f"{lost}; its own log or terminal may say why") from error
        raise
    else:
        watch.leave()


class _Watch:
    """Looks in a thread whether another process failed.

    Args:
        block: The number of the `with` block, the same in all processes.
    """

    def __init__(self, block: int) -> None:
        self._prefix = f"engine/block/{block}"
        self._first = ""
        self._is_left = threading.Event()
        self._store = _get_default_store()
        # The thread has a connection of its own, since the other one may be waiting.
        self._thread = threading.Thread(
            target=self._look, args=(self._store.clone(),), daemon=True, name="failure watch"
        )
        self._thread.start()

    def leave(self) -> None:
        """End the watch after the block ended as it should."""
        with suppress(RuntimeError):  # the store ends with the process that keeps it
            self._store.set(f"{self._prefix}/left/{get_rank()}", "1")
        self._end()

    def first(self) -> str:
        """Return which process failed first and why, or an empty string if none did."""
        if not self._first:
            self._first = self._read_first(self._store)
        return self._first

    def tell(self, text: str) -> None:
        """End the watch after an error.

        Args:
            text: What the others are told, if no other process failed before.
        """
        if not self.first():
            with suppress(RuntimeError):  # the store ends with the process that keeps it
                self._store.compare_set(f"{self._prefix}/first", "", text)
                self._wait_for_others()
        self._end()

    def _end(self) -> None:
        self._is_left.set()
        self._thread.join()

    def _look(self, store: Store) -> None:
        while not self._is_left.wait(_LOOK_EVERY):
            self._first = self._read_first(store)
            if not self._first:
                continue
            with suppress(RuntimeError):
                store.add(f"{self._prefix}/told", 1)
            if not self._is_left.wait(_GRACE):
                sys.stderr.write(f"Error: rank {get_rank()} ends: {self._first}\n")
                sys.stderr.flush()
                os._exit(1)

    def _read_first(self, store: Store) -> str:
        try:
            self._look_after_next(store)
            return _read(store, f"{self._prefix}/first")
        except RuntimeError:
            return "rank 0, where the processes meet, ended"

    def _look_after_next(self, store: Store) -> None:
        """Tell all if the next process ended in the middle of the block, by a signal for one."""
        rank = (get_rank() + 1) % get_world_size()
        if has_ended(_read(store, f"engine/place/{rank}")) and not self._has_left(store, rank):
            store.compare_set(f"{self._prefix}/first", "", f"rank {rank} ended")

    def _has_left(self, store: Store, rank: int) -> bool:
        return bool(store.check([f"{self._prefix}/left/{rank}"]))

    def _wait_for_others(self) -> None:
        """Wait until the others know of an error, if the store ends with this process."""
        if get_rank() or has_agent_store():
            return
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:
            if self._store.add(f"{self._prefix}/told", 0) >= get_world_size() - 1:
                return
            time.sleep(0.05)


def _read(store: Store, key: str) -> str:
    return store.get(key).decode() if store.check([key]) else ""


def _describe(error: BaseException) -> str:
    """Return what an error of this process says, for the other ones."""
    text = " ".join(traceback.format_exception_only(error)[-1].split())
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"rank {get_rank()} on {platform.node()} failed: {text[:_LONGEST]}{place}"
