"""The rank of this process."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch import distributed

P = ParamSpec("P")
R = TypeVar("R")
Group = distributed.ProcessGroup


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


def get_backend(group: Group | None = None) -> str | None:
    """Return what carries the data between processes (`'nccl'`), None where there is just one."""
    return distributed.get_backend(group) if is_distributed() else None


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
