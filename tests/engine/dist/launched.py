"""What a process of test_processes.py does that another launcher than torchrun has started."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping

from torch import distributed

from engine import dist


def main(rank: int, variables: Mapping[str, str], launcher: str, names: Mapping[str, str]) -> None:
    """Join the others, and see who this is."""
    warnings.simplefilter("error")
    size = int(variables["WORLD_SIZE"])
    os.environ.update({name: value for name, value in variables.items() if name != "WORLD_SIZE"})
    values = {"rank": rank, "size": size, "local_rank": 0, "local_size": 1}
    os.environ.update({name: str(values[what]) for name, what in names.items()})
    assert dist.infer_launcher() == launcher
    dist.init_dist(launcher, timeout=60)
    try:
        assert dist.get_dist_info() == (rank, size)
        assert dist.get_local_rank() == 0
        if launcher == "mpi":
            assert dist.get_local_size() == 1
        assert dist.all_gather_object(os.environ["RANK"]) == [str(of) for of in range(size)]
    finally:
        distributed.destroy_process_group()
