"""What a process of test_processes.py does and checks: the verbs for tensors of every type."""

from __future__ import annotations

import functools
import itertools
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, distributed

from engine import dist

INTEGERS = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
COMPLEX = [torch.complex64, torch.complex128]
MOVED_ONLY = [torch.uint16, torch.uint32, torch.uint64, torch.float8_e5m2]
DTYPES = [*INTEGERS, *FLOATS, *COMPLEX, *MOVED_ONLY]
OPS: dict[str, Any] = {
    "sum": np.add,
    "mean": np.add,
    "product": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
    "band": np.bitwise_and,
    "bor": np.bitwise_or,
    "bxor": np.bitwise_xor,
}
SHAPES = [(), (0,), (2, 0), (3,), (2, 3)]


def main(rank: int, variables: Mapping[str, str]) -> None:
    """Try every verb with every type: alone, in a group of one, and with the others."""
    warnings.simplefilter("error")
    size = int(variables["WORLD_SIZE"])
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    _check_all([rank], None)
    dist.init_dist("pytorch", timeout=timedelta(seconds=60))
    try:
        own = [distributed.new_group([each]) for each in range(size)][rank]
        assert isinstance(own, distributed.ProcessGroup)
        _check_all([rank], own)
        _check_all([*range(size)], distributed.group.WORLD)
        _check_buckets(size)
    finally:
        distributed.destroy_process_group()


def _check_all(members: Sequence[int], group: Any) -> None:
    rank = dist.get_rank() if dist.is_distributed() else members[0]
    for dtype, shape in itertools.product(DTYPES, SHAPES):
        data = [_data(of, dtype, shape) for of in members]
        own = data[members.index(rank)]
        for dst in members:
            moved = dist.gather(own.clone(), dst if group else 0, group)
            _compare(moved, data if dst == rank else [])
            sent = own.clone(memory_format=torch.preserve_format)
            dist.broadcast(sent, dst if group else 0, group)
            _compare([sent], [data[members.index(dst)]])
        _compare(dist.all_gather(own, group), data)
        _compare(dist.all_gather_object(own, group), data)
        for op in OPS:
            expected = [_reduced(data, op)] if _fits(dtype, op) else TypeError
            _compare(_outcome(functools.partial(_all_reduce, own, op, group)), expected)
            # Beside it there is a tensor of another type, which no error leaves half done.
            other = _data(rank, torch.float32 if op in ("mean", "sum") else torch.int32, (2,))
            others = [_data(of, other.dtype, (2,)) for of in members]
            fine = [_reduced(others, op), *expected] if isinstance(expected, list) else TypeError
            _compare(_outcome(functools.partial(_all_reduce_params, [other, own], op, group)), fine)
            if op == "mean" and dtype in INTEGERS:  # in a dictionary the mean may be a new tensor
                fine = [_reduced(others, op), _reduced([each.float() for each in data], op)]
            _compare(_outcome(functools.partial(_all_reduce_dict, [other, own], op, group)), fine)


def _data(rank: int, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    """Return small numbers, different in each process, of which sums and products are exact."""
    count = int(np.prod(shape))
    numbers = (torch.arange(count) + 3 * rank) % 7 % (2 if dtype is torch.bool else 7)
    data = numbers.to(torch.float32).to(dtype).reshape(shape[::-1])
    if dtype.is_complex:
        data = (data + 1j).conj()
    return data.mT if len(shape) == 2 else data  # then it is not contiguous


def _fits(dtype: torch.dtype, op: str) -> bool:
    if op == "mean":
        return dtype in FLOATS + COMPLEX
    if op in ("band", "bor", "bxor"):
        return dtype in INTEGERS
    return dtype in INTEGERS + FLOATS or (dtype in COMPLEX and op in ("sum", "product"))


def _reduced(data: Sequence[Tensor], op: str) -> Tensor:
    """Return what NumPy makes of them."""
    wide = [each.float() if each.dtype is torch.bfloat16 else each for each in data]
    reduced = OPS[op].reduce(np.stack([each.resolve_conj().numpy() for each in wide]))
    result = torch.from_numpy(np.asarray(reduced, wide[0].resolve_conj().numpy().dtype))
    return (result / len(data) if op == "mean" else result).to(data[0].dtype)


def _all_reduce(data: Tensor, op: str, group: Any) -> list[Tensor]:
    changed = data.clone()
    dist.all_reduce(changed, op, group)
    return [changed]


def _all_reduce_params(data: Sequence[Tensor], op: str, group: Any) -> list[Tensor]:
    changed = [each.clone() for each in data]
    _untouched_on_error(
        data, changed, lambda: dist.all_reduce_params(iter(changed), op=op, group=group)
    )
    return changed


def _all_reduce_dict(data: Sequence[Tensor], op: str, group: Any) -> list[Tensor]:
    changed = {str(number): each.clone() for number, each in enumerate(data)}
    _untouched_on_error(data, [*changed.values()], lambda: dist.all_reduce_dict(changed, op, group))
    return [*changed.values()]


def _untouched_on_error(
    data: Sequence[Tensor], changed: Sequence[Tensor], verb: Callable[[], None]
) -> None:
    try:
        verb()
    except TypeError:
        _compare(changed, data)
        raise


def _outcome(verb: Callable[[], list[Tensor]]) -> list[Tensor] | type[Exception]:
    try:
        return verb()
    except TypeError as error:
        if "is for tensors of" not in str(error):
            raise
        return TypeError


def _compare(found: Any, expected: Any) -> None:
    if not isinstance(found, list) or not isinstance(expected, list):
        assert found is expected, (found, expected)
        return
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tolist() == other.tolist(), (one, other)


def _check_buckets(size: int) -> None:
    """A message holds as much as it may, and no more."""
    mib = 2**20 // 4  # in numbers of four bytes
    lengths = [mib // 2, mib // 4, mib // 4, 1, 2 * mib, mib // 2, mib // 2 + 1, 0]
    for options, expected in (
        ({}, [sum(lengths)]),
        ({"bucket_size_mb": 1}, [mib, 1, 2 * mib, mib // 2, mib // 2 + 1]),
        ({"bucket_size_mb": 2}, [mib + 1, 2 * mib, mib + 1]),
        ({"coalesce": False}, [length for length in lengths if length]),
    ):
        tensors = [torch.ones(length) for length in lengths]
        with patch.object(distributed, "all_reduce", wraps=distributed.all_reduce) as sent:
            dist.all_reduce_params(tensors, **options)
        messages = [call.args[0].numel() for call in sent.call_args_list]
        assert [each for each in messages if each] == expected, options
        assert all((tensor == size).all() for tensor in tensors)
