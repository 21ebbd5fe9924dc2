"""Ranks and process groups: all processes, those of one machine, and one with a long timeout."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

import torch
from torch import distributed

P = ParamSpec("P")
R = TypeVar("R")
Group = distributed.ProcessGroup

RESULTS_TIMEOUT = timedelta(days=1)

# By the group of all processes, since a program may end one and begin another.
_local: WeakKeyDictionary[Group, Group] = WeakKeyDictionary()
_results: WeakKeyDictionary[Group, Group] = WeakKeyDictionary()
_data_copies: WeakKeyDictionary[Group, int] = WeakKeyDictionary()
_results_timeouts: WeakKeyDictionary[Group, timedelta] = WeakKeyDictionary()
_saving: WeakKeyDictionary[Group, Group] = WeakKeyDictionary()


def is_distributed() -> bool:
    """Return whether several processes work together here."""
    return distributed.is_available() and distributed.is_initialized()


def get_rank(group: Group | None = None) -> int:
    """Return the number of this process, 0 where there is just one."""
    return distributed.get_rank(group) if is_distributed() else 0


def get_world_size(group: Group | None = None) -> int:
    """Return the number of processes, 1 where there is just one."""
    return distributed.get_world_size(group) if is_distributed() else 1


def get_dist_info(group: Group | None = None) -> tuple[int, int]:
    """Return the number of this process and the number of processes."""
    return get_rank(group), get_world_size(group)


def set_data_copies(copies: int) -> None:
    """Say how many processes in a row work on the same batches (tensor parallelism).

    Args:
        copies: Their number, by which the number of processes can be divided.
    """
    world = get_default_group()
    if world is not None:
        _data_copies[world] = copies


def get_data_copies() -> int:
    """Return how many processes in a row work on the same batches, usually 1."""
    world = get_default_group()
    return 1 if world is None else _data_copies.get(world, 1)


def get_data_info() -> tuple[int, int]:
    """Return the number of the share of the data that is for this process, and their number.

    They are those of `get_dist_info`, but where several processes work on the same batches.
    """
    copies = get_data_copies()
    return get_rank() // copies, get_world_size() // copies


def get_backend(group: Group | None = None) -> str | None:
    """Return what carries the data between processes (`'nccl'`), None where there is just one."""
    return distributed.get_backend(group) if is_distributed() else None


def get_ranks_of(group: Group | None = None) -> list[int]:
    """Return the numbers, among all processes, of those of a group."""
    return distributed.get_process_group_ranks(group) if is_distributed() else [0]


def get_comm_device(group: Group | None = None) -> torch.device:
    """Return the device on which the backend of a group wants tensors."""
    if get_backend(group) == "nccl":
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")


def get_local_rank() -> int:
    """Return the number of this process among those of its machine."""
    return int(os.environ.get("LOCAL_RANK", "0")) if is_distributed() else 0


def is_main_process(group: Group | None = None) -> bool:
    """Return whether this is the first process."""
    return get_rank(group) == 0


def master_only(func: Callable[P, R]) -> Callable[P, R | None]:
    """Let a function run in the first process only; in the others it returns None."""

    @functools.wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R | None:
        return func(*args, **kwargs) if is_main_process() else None

    return wrapper


def get_default_group() -> Group | None:
    """Return the group of all processes, None where there is just one."""
    return distributed.group.WORLD if is_distributed() else None


def init_local_group(node_rank: int, num_gpus_per_node: int) -> None:
    """Make a group of the processes of each machine; all processes call it together.

    Args:
        node_rank: The number of this machine.
        num_gpus_per_node: The number of processes on each.

    Raises:
        ValueError: If this process is not one of that machine, or the processes don't divide into
            machines of that size.
    """
    world = get_default_group()
    if world is None:
        return
    rank, size = get_rank(), get_world_size()
    if size % num_gpus_per_node or rank // num_gpus_per_node != node_rank:
        raise ValueError(
            f"process {rank} of {size} is not one of {num_gpus_per_node} on machine {node_rank}: "
            "num_gpus_per_node divides the number of processes, and a machine has them in a row"
        )
    _local[world], _ = distributed.new_subgroups(num_gpus_per_node)


def get_local_group() -> Group | None:
    """Return the group of the processes of this machine, None where there is just one process.

    Raises:
        ValueError: If it was not made yet.
    """
    world = get_default_group()
    if world is None:
        return None
    if world not in _local:
        raise ValueError(
            "there is no group of the processes of this machine yet; make it with "
            "init_local_group(node_rank, num_gpus_per_node)"
        )
    return _local[world]


def get_local_size() -> int:
    """Return the number of processes on this machine.

    Raises:
        ValueError: If the launcher does not tell, and there is no local group either.
    """
    if is_distributed() and "LOCAL_WORLD_SIZE" in os.environ:
        return int(os.environ["LOCAL_WORLD_SIZE"])
    return get_world_size(get_local_group())


def set_results_timeout(timeout: timedelta) -> None:
    """Say how long the group of `get_results_group` is to wait.

    Args:
        timeout: The time, before the group is first asked for.
    """
    world = get_default_group()
    if world is not None:
        _results_timeouts[world] = timeout


def get_results_group() -> Group | None:
    """Return a group of all processes for results, None where there is just one.

    It carries them through main memory, and has a timeout of its own: the first process may take
    much longer to compute the metrics than a collective of the training may last. All processes
    call this together, since the first call makes the group.
    """
    world = get_default_group()
    if world is None:
        return None
    if world not in _results:
        timeout = _results_timeouts.get(world, RESULTS_TIMEOUT)
        group = distributed.new_group(backend="gloo", timeout=timeout)
        _results[world] = cast("Group", group)  # every process is a member
    return _results[world]


def get_saving_group() -> Group | None:
    """Return a group of all processes for what a thread saves, None where there is just one.

    The processes agree in it on what was written, while the training goes on in other groups. All
    processes call this together, since the first call makes the group.
    """
    world = get_default_group()
    if world is None:
        return None
    if world not in _saving:
        group = distributed.new_group(backend="gloo", timeout=RESULTS_TIMEOUT)
        _saving[world] = cast("Group", group)  # every process is a member
    return _saving[world]
