"""Collective operations on objects.

Objects travel as messages of `_messages`, of which nothing is ever executed. The first part of a
message has a fixed size and tells how long the rest is, which follows by itself: nothing is padded
to the longest message, and a short one needs a single operation.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.utils import check_types

from ._collectives import all_gather, broadcast, gather, receive, send
from ._groups import (
    Group,
    get_data_copies,
    get_rank,
    get_ranks_of,
    get_results_group,
    is_distributed,
)
from ._messages import pack, size_of, unpack

T = TypeVar("T")

_HEAD = 1024
_PIECE = 2**26
"""How many bytes of a message travel first, and at once behind that."""


def all_gather_object(data: T, group: Group | None = None) -> list[T]:
    """Return the data of all processes, in the order of their ranks.

    Tensors arrive in main memory, without gradients.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return [data]
    message = pack(data)
    heads = all_gather(_head_of(message), group)
    messages = [
        _share(message, head, src, group)
        for src, head in zip(get_ranks_of(group), heads, strict=True)
    ]
    return [unpack(each) for each in messages]


@check_types
def gather_object(data: T, dst: int = 0, group: Group | None = None) -> list[T] | None:
    """Return the data of all processes, in the order of their ranks, in process `dst`.

    They arrive one after the other, so that `dst` holds no more than one of them twice.

    Args:
        data: That of this process.
        dst: The process that gets it, counted among all processes; the others get None.
        group: The processes; None means all.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return [data]
    message = pack(data)
    heads = gather(_head_of(message), dst, group)
    if get_rank() != dst:
        for piece in _pieces(message):
            send(piece, dst, group)
        return None
    gathered = []
    for src, head in zip(get_ranks_of(group), heads, strict=True):
        received = message if src == dst else _begin(head)
        if src != dst:
            for piece in _pieces(received):
                receive(piece, src, group)
        gathered.append(unpack(received))
    return gathered


@check_types
def broadcast_object_list(data: list[Any], src: int = 0, group: Group | None = None) -> None:
    """Give the list of process `src`, counted among all processes, to the others, in place.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return
    message = pack(data) if get_rank() == src else pack(None)
    head = _head_of(message)
    broadcast(head, src, group)
    data[:] = unpack(_share(message, head, src, group))


@check_types
def collect_results(
    results: list[T], size: int, device: str = "cpu", tmpdir: str | None = None
) -> list[T] | None:
    """Put the results of all processes in the order of the dataset.

    Process r has handled the samples r, r + n, r + 2n, ... of n processes.

    Args:
        results: Those of this process, plain data.
        size: The number of samples of the dataset; what padding added beyond it is dropped.
        device: How they travel: `'cpu'` as in `collect_results_cpu`, or `'gpu'` as in
            `collect_results_gpu`.
        tmpdir: Taken for the sake of code written for MMEngine, and not used: there are no files.

    Returns:
        All results in the first process, None in the others.

    Raises:
        ValueError: If the device is another one.
        TypeError: If there is more in the results than tensors and plain data.
    """
    if device not in ("cpu", "gpu"):
        raise ValueError(f"device is 'cpu' or 'gpu'; got {device!r}")
    if device == "gpu":
        return collect_results_gpu(results, size)
    return collect_results_cpu(results, size, tmpdir)


@check_types
def collect_results_cpu(
    result_part: list[T], size: int, tmpdir: str | None = None
) -> list[T] | None:
    """Do as `collect_results` does, through main memory and the group of `get_results_group`.

    Args:
        result_part: The results of this process.
        size: The number of samples of the dataset.
        tmpdir: Taken and not used, as in `collect_results`.
    """
    return _merge_results(result_part, size, get_results_group())


@check_types
def collect_results_gpu(result_part: list[T], size: int) -> list[T] | None:
    """Do as `collect_results` does, through the backend of the training.

    Args:
        result_part: The results of this process.
        size: The number of samples of the dataset.
    """
    return _merge_results(result_part, size, None)


def _merge_results(results: list[T], size: int, group: Group | None) -> list[T] | None:
    gathered = gather_object(results, group=group)
    if gathered is None:
        return None
    parts = gathered[:: get_data_copies()]
    if len(parts) == 1:
        return parts[0][:size]
    longest = max(len(part) for part in parts)
    ordered = [part[i] for i in range(longest) for part in parts if i < len(part)]
    return ordered[:size]


def _share(message: Tensor, head: Tensor, src: int, group: Group | None) -> Tensor:
    """Return the message of process `src`, of which all have the head."""
    shared = message if get_rank() == src else _begin(head)
    for piece in _pieces(shared):
        broadcast(piece, src, group)
    return shared


def _head_of(message: Tensor) -> Tensor:
    """Return the first bytes of a message, filled up to those of a head."""
    head = torch.zeros(_HEAD, dtype=torch.uint8)
    first = message[:_HEAD]
    head[: len(first)] = first
    return head


def _begin(head: Tensor) -> Tensor:
    """Return room for a whole message, with its head."""
    message = torch.empty(size_of(head), dtype=torch.uint8)
    first = message[:_HEAD]
    first.copy_(head[: len(first)])
    return message


def _pieces(message: Tensor) -> tuple[Tensor, ...]:
    """Return what of a message follows its head."""
    rest = message[_HEAD:]
    return rest.split(_PIECE) if len(rest) else ()
