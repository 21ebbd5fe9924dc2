"""Which process of a run this is."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import distributed

P = ParamSpec("P")
R = TypeVar("R")
Group = distributed.ProcessGroup

_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


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


def init_dist(launcher: str, backend: str = "nccl", **kwargs: Any) -> None:
    """Join the other processes of a run.

    Args:
        launcher: Who started the processes: `'pytorch'` for torchrun.
        backend: `'nccl'` for CUDA devices; without one, `'gloo'` takes its place.
        **kwargs: Passed on to `torch.distributed.init_process_group`.

    Raises:
        ValueError: If the launcher is not known, or has not set the variables that it should.
    """
    if launcher != "pytorch":
        raise ValueError(f"the launcher is 'none' or 'pytorch' (torchrun); got {launcher!r}")
    if missing := [name for name in _VARIABLES if name not in os.environ]:
        raise ValueError(
            f"the launcher 'pytorch' needs torchrun, which sets {', '.join(missing)}. Start the "
            "run with: torchrun --nproc-per-node 2 -m engine train CONFIG --launcher pytorch"
        )
    if backend == "nccl" and not torch.cuda.is_available():
        backend = "gloo"
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group(backend=backend, **kwargs)
