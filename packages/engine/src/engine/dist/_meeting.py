"""A store for the processes of one start of a run.

torchrun keeps its store when it starts the processes again, with all that those before them wrote:
a process would read the address of one that has ended, and wait for it.
"""

from __future__ import annotations

import os
import secrets
import time
from datetime import timedelta
from typing import Any

from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

_LOOK_EVERY = 0.05  # seconds


def has_agent_store() -> bool:
    """Return whether torchrun keeps the store, which then outlives the processes."""
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def store_of_this_start(timeout: timedelta) -> dict[str, Any]:
    """Meet the other processes, and return arguments of `init_process_group`.

    The first process draws a name for this start. Another one can't tell it from the name of an
    earlier start, so it takes a name once the first process has answered under it.

    Args:
        timeout: How long to wait for the others.

    Returns:
        `store`, a part of torchrun's that only this start uses, `rank` and `world_size`.

    Raises:
        RuntimeError: If the others don't come in time.
    """
    store, rank, world_size = next(rendezvous("env://", timeout=timeout))
    own = secrets.token_hex(8)
    if rank == 0:
        _welcome_others(store, own, world_size, timeout)
        name = own
    else:
        name = _find_first(store, own, rank, timeout)
    return {"store": PrefixStore(name, store), "rank": rank, "world_size": world_size}


def _welcome_others(store: Store, name: str, world_size: int, timeout: timedelta) -> None:
    arrivals = [f"engine/{name}/arrived/{rank}" for rank in range(1, world_size)]
    store.set("engine/start", name)
    if arrivals:
        store.wait(arrivals, timeout)
    for arrival in arrivals:
        store.set(f"engine/welcome/{store.get(arrival).decode()}", name)


def _find_first(store: Store, own: str, rank: int, timeout: timedelta) -> str:
    deadline = time.monotonic() + timeout.total_seconds()
    welcome, asked = f"engine/welcome/{own}", ""
    store.wait(["engine/start"], timeout)
    while not store.check([welcome]):
        name = store.get("engine/start").decode()
        if name != asked:
            store.set(f"engine/{name}/arrived/{rank}", own)
            asked = name
        if time.monotonic() > deadline:
            raise RuntimeError(f"rank {rank} waited {timeout.total_seconds():.0f} s for rank 0")
        time.sleep(_LOOK_EVERY)
    return store.get(welcome).decode()
