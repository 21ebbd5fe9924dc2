"""Collective operations on objects.

Objects travel as `torch.save` writes them and are read with `weights_only=True`: tensors, numbers,
strings, lists, tuples and dictionaries pass, and nothing that arrives is ever executed.
"""

from __future__ import annotations

import io
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.utils import check_types

from ._collectives import all_gather, broadcast, gather
from ._groups import (
    Group,
    get_comm_device,
    get_data_copies,
    get_rank,
    get_results_group,
    is_distributed,
)

T = TypeVar("T")


def all_gather_object(data: T, group: Group | None = None) -> list[T]:
    """Return the data of all processes, in the order of their ranks.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return [data]
    padded, sizes = _pad(data, group)
    return _unpad(all_gather(padded, group), sizes)


@check_types
def gather_object(data: T, dst: int = 0, group: Group | None = None) -> list[T] | None:
    """Return the data of all processes, in the order of their ranks, in process `dst`.

    Args:
        data: That of this process.
        dst: The process that gets it, counted among all processes; the others get None.
        group: The processes; None means all.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return [data]
    padded, sizes = _pad(data, group)
    gathered = gather(padded, dst, group)
    return _unpad(gathered, sizes) if get_rank() == dst else None


@check_types
def broadcast_object_list(data: list[Any], src: int = 0, group: Group | None = None) -> None:
    """Give the list of process `src`, counted among all processes, to the others, in place.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return
    device = get_comm_device(group)
    is_source = get_rank() == src
    message = _pack(data).to(device) if is_source else torch.empty(0, dtype=torch.uint8)
    size = torch.tensor([len(message)], device=device)
    broadcast(size, src, group)
    if not is_source:
        message = torch.empty(int(size), dtype=torch.uint8, device=device)
    broadcast(message, src, group)
    data[:] = _unpack(message)


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


def _pad(data: Any, group: Group | None) -> tuple[Tensor, list[int]]:
    """Return the message of this process, as long as the longest, and the sizes of all."""
    device = get_comm_device(group)
    message = _pack(data)
    gathered = all_gather(torch.tensor([len(message)], device=device), group)
    sizes = [int(size) for size in gathered]
    padded = torch.zeros(max(sizes), dtype=torch.uint8, device=device)
    padded[: len(message)] = message
    return padded, sizes


def _unpad(messages: list[Tensor], sizes: list[int]) -> list[Any]:
    return [_unpack(each[:size]) for each, size in zip(messages, sizes, strict=True)]


def _pack(data: Any) -> Tensor:
    stream = io.BytesIO()
    torch.save(data, stream)
    stream.seek(0)
    if refused := torch.serialization.get_unsafe_globals_in_checkpoint(stream):
        raise TypeError(
            f"processes exchange tensors and plain data, and here is {', '.join(sorted(refused))}: "
            "convert it to tensors, numbers, strings, lists or dictionaries first"
        )
    return torch.frombuffer(stream.getbuffer(), dtype=torch.uint8)


def _unpack(message: Tensor) -> Any:
    return torch.load(io.BytesIO(message.cpu().numpy().tobytes()), weights_only=True)
