"""Collective operations on tensors.

What is only moved travels as bytes, so that it may be of any type. What is reduced is of a type
that every backend can reduce; bits, booleans and the like are gathered, and each process reduces
them. A type that does not fit an operation is an error, also where there is just one process.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Iterable, Iterator, MutableMapping

import torch
from torch import Tensor, distributed

from ._groups import Group, get_comm_device, get_rank, get_world_size, is_distributed

_OPS = {
    "sum": distributed.ReduceOp.SUM,
    "product": distributed.ReduceOp.PRODUCT,
    "min": distributed.ReduceOp.MIN,
    "max": distributed.ReduceOp.MAX,
}
_ON_TWO: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": torch.add,
    "product": torch.mul,
    "min": torch.minimum,
    "max": torch.maximum,
    "band": torch.bitwise_and,
    "bor": torch.bitwise_or,
    "bxor": torch.bitwise_xor,
}
_FLOATS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
_COMPLEX = {torch.complex64, torch.complex128}
_IN_BACK_ENDS = {torch.uint8, torch.int8, torch.int32, torch.int64} | _FLOATS
_INTEGERS = {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}


def barrier(group: Group | None = None) -> None:
    """Wait until all processes are here."""
    if is_distributed():
        distributed.barrier(group)


@torch.no_grad()
def broadcast(data: Tensor, src: int = 0, group: Group | None = None) -> None:
    """Give the tensor of process `src`, counted among all processes, to the others, in place."""
    if is_distributed():
        sent = _sendable(data, group)
        distributed.broadcast(_bytes(sent), src, group)
        _take(data, sent)


@torch.no_grad()
def all_reduce(data: Tensor, op: str = "sum", group: Group | None = None) -> None:
    """Reduce the tensors of all processes to one that each gets, in place.

    Args:
        data: The tensor of this process.
        op: `'sum'`, `'mean'`, `'product'`, `'min'`, `'max'`, or for integers and booleans `'band'`,
            `'bor'` and `'bxor'`, which work on bits. `'mean'` is for floating point and complex
            numbers; complex ones have no `'min'` and `'max'`. The sum of booleans is whether any
            is true, their product whether all are. Capital letters are as good.
        group: The processes; None means all.

    Raises:
        ValueError: If there is no such operation.
        TypeError: If it is not for the type of the tensor.
    """
    op = op.lower()
    _check(data, op)
    if not is_distributed():
        return
    sent = _sendable(data, group)
    on_two = "sum" if op == "mean" else op
    if on_two in _OPS and data.dtype in _IN_BACK_ENDS:
        distributed.all_reduce(sent, _OPS[on_two], group)
    else:
        sent = functools.reduce(_ON_TWO[on_two], _gather(sent, group))
    if op == "mean":
        sent.div_(get_world_size(group))
    _take(data, sent)


def all_reduce_dict(
    data: MutableMapping[str, Tensor], op: str = "sum", group: Group | None = None
) -> None:
    """Reduce the tensors of all processes, key by key, in place.

    Args:
        data: The tensors of this process; all processes have the same keys and shapes.
        op: The operation, as in `all_reduce`. The mean of whole numbers is a new tensor, of
            floating point numbers.
        group: The processes; None means all.
    """
    if op.lower() == "mean":
        for key, value in data.items():
            if isinstance(value, Tensor) and value.dtype in _INTEGERS:
                data[key] = value.float()
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
        op: The operation, as in `all_reduce`, for each of them.
        group: The processes; None means all.

    Raises:
        ValueError: If there is no such operation.
        TypeError: If it is not for the type of a tensor; all are as they were.
    """
    op, tensors = op.lower(), list(params)
    for tensor in tensors:
        _check(tensor, op)
    if not is_distributed():
        return
    limit = bucket_size_mb * 2**20 if coalesce else 1
    for bucket in _buckets(tensors, limit):
        flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
        all_reduce(flat, op, group)
        parts = flat.split([tensor.numel() for tensor in bucket])
        for tensor, reduced in zip(bucket, parts, strict=True):
            tensor.copy_(reduced.view_as(tensor))


def all_gather(data: Tensor, group: Group | None = None) -> list[Tensor]:
    """Return the tensors of all processes, which have one shape, in the order of their ranks."""
    if not is_distributed():
        return [data]
    return [each.to(data.device) for each in _gather(_sendable(data.detach(), group), group)]


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
    distributed.gather(_bytes(sent), [_bytes(each) for each in gathered] or None, dst, group)
    return [each.to(data.device) for each in gathered]


def send(data: Tensor, dst: int, group: Group | None = None) -> None:
    """Give a tensor to process `dst`, counted among all processes, which calls `receive`."""
    distributed.send(_bytes(_sendable(data, group)), dst, group)


def receive(data: Tensor, src: int, group: Group | None = None) -> None:
    """Fill a tensor with the one that process `src`, counted among all processes, sends."""
    received = _sendable(data, group)
    distributed.recv(_bytes(received), src, group)
    _take(data, received)


def sync_random_seed(group: Group | None = None) -> int:
    """Return a random seed, the same in all processes."""
    seed = torch.tensor([secrets.randbelow(2**31)], device=get_comm_device(group))
    if is_distributed():
        distributed.broadcast(seed, group=group, group_src=0)
    return int(seed)


def _check(data: Tensor, op: str) -> None:
    if op != "mean" and op not in _ON_TWO:
        raise ValueError(f"op is one of mean, {', '.join(_ON_TWO)}; got {op!r}")
    if op == "mean":
        types = _FLOATS | _COMPLEX
    elif op not in _OPS:
        types = _INTEGERS
    else:
        types = _FLOATS | _INTEGERS | (_COMPLEX if op in ("sum", "product") else set())
    if not isinstance(data, Tensor):
        raise TypeError(f"what is reduced is a tensor, not {data!r}")
    if data.dtype not in types:
        fitting = ", ".join(sorted(str(each).removeprefix("torch.") for each in types))
        raise TypeError(f"op {op!r} is for tensors of {fitting}; got one of {data.dtype}")


def _sendable(data: Tensor, group: Group | None) -> Tensor:
    """Return the tensor, or a copy of it where the backend wants another one."""
    return data.to(get_comm_device(group)).contiguous().resolve_conj().resolve_neg()


def _bytes(data: Tensor) -> Tensor:
    """Return a view of a contiguous tensor as its bytes, which every backend can move."""
    return data.view(-1).view(torch.uint8)


def _gather(sent: Tensor, group: Group | None) -> list[Tensor]:
    gathered = [torch.empty_like(sent) for _ in range(get_world_size(group))]
    distributed.all_gather([_bytes(each) for each in gathered], _bytes(sent), group)
    return gathered


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
