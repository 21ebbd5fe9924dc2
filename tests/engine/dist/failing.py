"""What a process of test_processes.py does when another one fails first."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import distributed

from engine import dist

LOST = {
    "raises": r"^rank 1 on \S+ failed: ValueError: a bad batch \(failing\.py:\d+\); its own log",
    "is killed": "^rank 1 ended; its own log",
    "hangs": "^rank 1 ended or hangs; its own log",
}


class Stopped(KeyboardInterrupt):
    """A stop on which all processes agreed."""


def main(rank: int, variables: Mapping[str, str], manner: str, busy: bool, folder: str) -> None:
    """Let rank 1 fail, with the others in a collective or, the last one, at work on its own."""
    warnings.simplefilter("error")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the test would send it at the first failure
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    dist.init_dist("pytorch", timeout=60)
    dist.barrier()  # so that the short time is for what hangs alone
    group = _new_group() if manner == "hangs" else None
    with dist.fail_together():  # that nothing fails in it leaves no trace
        dist.all_reduce(torch.zeros(1))
    with pytest.raises(Stopped), dist.fail_together():
        raise Stopped
    if rank == 1:
        with pytest.raises(ValueError, match="a bad batch"), dist.fail_together():
            _fail(manner)
    else:
        with pytest.raises(dist.ProcessLostError, match=LOST[manner]), dist.fail_together():
            _work(busy and rank == 2, group)
    Path(folder, str(rank)).touch()
    distributed.destroy_process_group()


def _new_group() -> distributed.ProcessGroup:
    return cast("distributed.ProcessGroup", distributed.new_group(timeout=timedelta(seconds=6)))


def _work(alone: bool, group: distributed.ProcessGroup | None) -> None:
    if alone:
        threading.Event().wait()  # it is ended from outside
    dist.all_reduce(torch.zeros(1), group=group)


def _fail(manner: str) -> None:
    if manner == "raises":
        raise ValueError("a bad batch")
    if manner == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()
