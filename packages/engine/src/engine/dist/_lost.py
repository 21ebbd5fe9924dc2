"""Errors about processes that ended or hang."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from torch import distributed
from torch.distributed.distributed_c10d import _get_default_store

from engine._lazy import public

from ._groups import get_rank, get_world_size, is_distributed

_PATIENCE = 5.0  # seconds in which those that are alive find that the others are not


@public
class ProcessLostError(RuntimeError):
    """Another process of the run ended, or does not answer; the text says which."""


def introduce_process() -> None:
    """Let the other processes know where this one runs."""
    place = f"{os.getpid()} {platform.node()}"
    _get_default_store().set(f"engine/place/{get_rank()}", place)


@contextmanager
def name_lost_processes() -> Iterator[None]:
    """Name the processes that are not there where an error says only that a connection is not.

    Raises:
        ProcessLostError: If another process ended or does not answer.
    """
    try:
        yield
    except RuntimeError as error:
        if is_distributed() and is_of_connection(error) and (lost := describe_lost()):
            raise ProcessLostError(f"{lost}; its own log or terminal may say why") from error
        raise


def is_of_connection(error: BaseException) -> bool:
    """Return whether an error says no more than that there is no connection to a process."""
    # What gloo raises is known by its text alone.
    return isinstance(error, distributed.DistError) or (
        isinstance(error, RuntimeError) and "gloo/" in str(error)
    )


def describe_lost() -> str:
    """Return which processes are lost, or an empty string if all answer."""
    others = [rank for rank in range(get_world_size()) if rank != get_rank()]
    try:
        _get_default_store().set(f"engine/asks/{get_rank()}", "1")
    except RuntimeError:
        return "rank 0, where the processes meet, ended"
    deadline = time.monotonic() + _PATIENCE
    while True:
        # In this order: one that asks may end right after.
        gone = [rank for rank in others if has_ended(_read_key("place", rank))]
        silent = [rank for rank in others if not _read_key("asks", rank)]
        if ended := [rank for rank in gone if rank in silent]:
            return f"{_format_ranks(ended)} ended"
        if not silent or time.monotonic() > deadline:
            return f"{_format_ranks(silent)} ended or hangs" if silent else ""
        time.sleep(0.05)


def has_ended(place: str) -> bool:
    """Return whether a process is known to have ended; one of another machine never is.

    Args:
        place: Where it runs, as `introduce_process` says.
    """
    number, _, machine = place.partition(" ")
    if machine != platform.node():
        return False
    try:
        os.kill(int(number), 0)
        state = Path(f"/proc/{number}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return True
    except OSError:  # another user's, or a system without /proc
        return False
    return state in "ZX"  # dead, but not yet buried


def _read_key(what: str, rank: int) -> str:
    """Return what a process wrote for the others, or an empty string."""
    key = f"engine/{what}/{rank}"
    with suppress(RuntimeError):
        store = _get_default_store()
        if store.check([key]):
            return store.get(key).decode()
    return ""


def _format_ranks(ranks: Sequence[int]) -> str:
    numbers = ", ".join(map(str, ranks))
    return f"rank {numbers}" if len(ranks) == 1 else f"the ranks {numbers}"
