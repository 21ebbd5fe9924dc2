"""What a process of test_processes.py does when another one ends or hangs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import distributed
from torch._C._distributed_c10d import TCPStore

from engine import dist


def main(rank: int, variables: Mapping[str, str], manner: str, folder: str) -> None:
    """Let rank 1 go without a word; the others name it."""
    warnings.simplefilter("error")
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    dist.init_dist("pytorch", timeout=60)
    store = TCPStore(variables["MASTER_ADDR"], int(variables["MASTER_PORT"]))
    dist.barrier()  # so that the short time is for what hangs alone
    group = cast("distributed.ProcessGroup", distributed.new_group(timeout=timedelta(seconds=6)))
    if rank == 1:
        if manner == "ends":
            os._exit(0)
        store.wait(["told 0", "told 2"])  # it does not take part
    else:
        text = f"^rank 1 ended{' or hangs' if manner == 'hangs' else ''}; its own log"
        with pytest.raises(dist.ProcessLostError, match=text), dist.name_lost_processes():
            dist.all_reduce(torch.zeros(1), group=group)
        with pytest.raises(RuntimeError, match=r"^mine$"), dist.name_lost_processes():
            raise RuntimeError("mine")
        store.set(f"told {rank}", "1")
        Path(folder, str(rank)).touch()
    if manner == "hangs":
        distributed.destroy_process_group()
