"""What processes exchange: tensors and plain data.

Objects travel as `torch.save` writes them and are read with `weights_only=True`: tensors, numbers,
strings, lists, tuples and dictionaries pass, and nothing that arrives is ever executed.
"""

from __future__ import annotations

import io
import secrets
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

from ._process import Group, get_rank, get_world_size, is_distributed

T = TypeVar("T")

_OPS = {
    "sum": distributed.ReduceOp.SUM,
    "product": distributed.ReduceOp.PRODUCT,
    "min": distributed.ReduceOp.MIN,
    "max": distributed.ReduceOp.MAX,
}


def barrier(group: Group | None = None) -> None:
    """Wait until all processes are here."""
    if is_distributed():
        distributed.barrier(group)


def broadcast(data: Tensor, src: int = 0, group: Group | None = None) -> None:
    """Give the tensor of process `src`, counted among all processes, to the others, in place."""
    if is_distributed():
        distributed.broadcast(data, src, group)


def all_reduce(data: Tensor, op: str = "sum", group: Group | None = None) -> None:
    """Reduce the tensors of all processes to one that each gets, in place.

    Args:
        data: The tensor of this process.
        op: `'sum'`, `'mean'`, `'product'`, `'min'` or `'max'`.
        group: The processes; None means all.

    Raises:
        ValueError: If there is no such operation.
    """
    if op != "mean" and op not in _OPS:
        raise ValueError(f"op is one of mean, {', '.join(_OPS)}; got {op!r}")
    if not is_distributed():
        return
    distributed.all_reduce(data, _OPS["sum" if op == "mean" else op], group)
    if op == "mean":
        data.div_(get_world_size(group))


def all_gather(data: Tensor, group: Group | None = None) -> list[Tensor]:
    """Return the tensors of all processes, which have one shape, in the order of their ranks."""
    if not is_distributed():
        return [data]
    gathered = [torch.empty_like(data) for _ in range(get_world_size(group))]
    distributed.all_gather(gathered, data.contiguous(), group)
    return gathered


def all_gather_object(data: T, group: Group | None = None) -> list[T]:
    """Return the data of all processes, in the order of their ranks.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return [data]
    message = _packed(data)
    sizes = [
        int(size) for size in all_gather(torch.tensor([len(message)], device=_device()), group)
    ]
    padded = torch.zeros(max(sizes), dtype=torch.uint8, device=_device())
    padded[: len(message)] = message
    gathered = all_gather(padded, group)
    return [_unpacked(each[:size]) for each, size in zip(gathered, sizes, strict=True)]


def broadcast_object_list(data: list[Any], src: int = 0, group: Group | None = None) -> None:
    """Give the list of process `src`, counted among all processes, to the others, in place.

    Raises:
        TypeError: If there is more in it than tensors and plain data.
    """
    if not is_distributed():
        return
    message = _packed(data) if get_rank() == src else torch.empty(0, dtype=torch.uint8)
    size = torch.tensor([len(message)], device=_device())
    broadcast(size, src, group)
    if get_rank() != src:
        message = torch.empty(int(size), dtype=torch.uint8, device=_device())
    broadcast(message, src, group)
    data[:] = _unpacked(message)


def collect_results(results: list[T], size: int) -> list[T] | None:
    """Put the results of all processes in the order of the data set.

    Process r has handled the samples r, r + n, r + 2n, ... of n processes.

    Args:
        results: Those of this process, plain data.
        size: The number of samples of the data set; what padding added beyond it is dropped.

    Returns:
        All results in the first process, None in the others.
    """
    parts = all_gather_object(results)
    if get_rank() != 0:
        return None
    longest = max(len(part) for part in parts)
    ordered = [part[i] for i in range(longest) for part in parts if i < len(part)]
    return ordered[:size]


def sync_random_seed(group: Group | None = None) -> int:
    """Return a random seed, the same in all processes."""
    seed = torch.tensor([secrets.randbelow(2**31)], device=_device())
    if is_distributed():
        distributed.broadcast(seed, group=group, group_src=0)
    return int(seed)


def _device() -> torch.device:
    if is_distributed() and distributed.get_backend() == "nccl":
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")


def _packed(data: Any) -> Tensor:
    stream = io.BytesIO()
    torch.save(data, stream)
    stream.seek(0)
    if refused := torch.serialization.get_unsafe_globals_in_checkpoint(stream):
        raise TypeError(
            f"processes exchange tensors and plain data, and here is {', '.join(sorted(refused))}: "
            "convert it to tensors, numbers, strings, lists or dictionaries first"
        )
    return torch.frombuffer(stream.getbuffer(), dtype=torch.uint8).to(_device())


def _unpacked(message: Tensor) -> Any:
    return torch.load(io.BytesIO(message.cpu().numpy().tobytes()), weights_only=True)
