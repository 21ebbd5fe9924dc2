"""What processes exchange as tensors."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, MutableMapping

import torch
from torch import Tensor, distributed

from ._process import Group, get_comm_device, get_rank, get_world_size, is_distributed

_OPS = {
    "sum": distributed.ReduceOp.SUM,
    "product": distributed.ReduceOp.PRODUCT,
    "min": distributed.ReduceOp.MIN,
    "max": distributed.ReduceOp.MAX,
    "band": distributed.ReduceOp.BAND,
    "bor": distributed.ReduceOp.BOR,
    "bxor": distributed.ReduceOp.BXOR,
}


def barrier(group: Group | None = None) -> None:
    """Wait until all processes are here."""
    if is_distributed():
        distributed.barrier(group)


@torch.no_grad()
def broadcast(data: Tensor, src: int = 0, group: Group | None = None) -> None:
    """Give the tensor of process `src`, counted among all processes, to the others, in place."""
    if is_distributed():
        sent = _sendable(data, group)
        distributed.broadcast(sent, src, group)
        _take(data, sent)


@torch.no_grad()
def all_reduce(data: Tensor, op: str = "sum", group: Group | None = None) -> None:
    """Reduce the tensors of all processes to one that each gets, in place.

    Args:
        data: The tensor of this process.
        op: `'sum'`, `'mean'`, `'product'`, `'min'`, `'max'`, or for integers `'band'`, `'bor'` and
            `'bxor'`, which work on bits.
        group: The processes; None means all.

    Raises:
        ValueError: If there is no such operation.
    """
    if op != "mean" and op not in _OPS:
        raise ValueError(f"op is one of mean, {', '.join(_OPS)}; got {op!r}")
    if not is_distributed():
        return
    sent = _sendable(data, group)
    distributed.all_reduce(sent, _OPS["sum" if op == "mean" else op], group)
    if op == "mean":
        sent.div_(get_world_size(group))
    _take(data, sent)


def all_reduce_dict(
    data: MutableMapping[str, Tensor], op: str = "sum", group: Group | None = None
) -> None:
    """Reduce the tensors of all processes, key by key, in place.

    Args:
        data: The tensors of this process; all processes have the same keys and shapes.
        op: The operation, as in `all_reduce`.
        group: The processes; None means all.
    """
    all_reduce_params([data[key] for key in sorted(data)], op=op, group=group)


@torch.no_grad()
def all_reduce_params(
    params: Iterable[Tensor],
    coalesce: bool = True,
    bucket_size_mb: int = -1,
    op: str = "sum",
    group: Group | None = None,
) -> None:
    """Reduce many tensors, such as the parameters of a model, in place.

    Args:
        params: The tensors, in the same order in all processes.
        coalesce: Whether many travel as one, which is faster.
        bucket_size_mb: How much travels at once, in MiB; -1 means all that has one type.
        op: The operation, as in `all_reduce`.
        group: The processes; None means all.
    """
    limit = bucket_size_mb * 2**20 if coalesce else 1
    for bucket in _buckets(params, limit):
        flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
        all_reduce(flat, op, group)
        parts = flat.split([tensor.numel() for tensor in bucket])
        for tensor, reduced in zip(bucket, parts, strict=True):
            tensor.copy_(reduced.view_as(tensor))


def all_gather(data: Tensor, group: Group | None = None) -> list[Tensor]:
    """Return the tensors of all processes, which have one shape, in the order of their ranks."""
    if not is_distributed():
        return [data]
    sent = _sendable(data.detach(), group)
    gathered = [torch.empty_like(sent) for _ in range(get_world_size(group))]
    distributed.all_gather(gathered, sent, group)
    return [each.to(data.device) for each in gathered]


def gather(data: Tensor, dst: int = 0, group: Group | None = None) -> list[Tensor]:
    """Return the tensors of all processes, which have one shape, in process `dst`.

    Args:
        data: The tensor of this process.
        dst: The process that gets them, counted among all processes.
        group: The processes; None means all.

    Returns:
        The tensors in the order of their ranks; none in the other processes.
    """
    if not is_distributed():
        return [data]
    sent = _sendable(data.detach(), group)
    size = get_world_size(group) if get_rank() == dst else 0
    gathered = [torch.empty_like(sent) for _ in range(size)]
    distributed.gather(sent, gathered or None, dst, group)
    return [each.to(data.device) for each in gathered]


def sync_random_seed(group: Group | None = None) -> int:
    """Return a random seed, the same in all processes."""
    seed = torch.tensor([secrets.randbelow(2**31)], device=get_comm_device(group))
    if is_distributed():
        distributed.broadcast(seed, group=group, group_src=0)
    return int(seed)


def _sendable(data: Tensor, group: Group | None) -> Tensor:
    """Return the tensor, or a copy of it where the back end wants another one."""
    return data.to(get_comm_device(group)).contiguous()


def _take(data: Tensor, received: Tensor) -> None:
    if received is not data:
        data.copy_(received)


def _buckets(tensors: Iterable[Tensor], limit: int) -> Iterator[list[Tensor]]:
    """Put tensors of one type together, up to `limit` bytes if that is positive."""
    open_buckets: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for tensor in tensors:
        kind = tensor.dtype, tensor.device
        bucket = open_buckets.setdefault(kind, [])
        if 0 < limit < sum(each.nbytes for each in bucket) + tensor.nbytes and bucket:
            yield bucket
            bucket = open_buckets[kind] = []
        bucket.append(tensor)
    yield from open_buckets.values()
