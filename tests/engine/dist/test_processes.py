"""The verbs between several processes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from torch.multiprocessing.spawn import ProcessExitedException

FOLDER = Path(__file__).parent
LAUNCHERS = {
    "slurm": {"SLURM_PROCID": "rank", "SLURM_NTASKS": "size", "SLURM_LOCALID": "local_rank"},
    "open mpi": {
        "OMPI_COMM_WORLD_RANK": "rank",
        "OMPI_COMM_WORLD_SIZE": "size",
        "OMPI_COMM_WORLD_LOCAL_RANK": "local_rank",
        "OMPI_COMM_WORLD_LOCAL_SIZE": "local_size",
    },
    "mpich": {
        "PMI_RANK": "rank",
        "PMI_SIZE": "size",
        "MPI_LOCALRANKID": "local_rank",
        "MPI_LOCALNRANKS": "local_size",
    },
}


@pytest.mark.parametrize("world_size", [2, 3])
def test_every_verb(together: Callable[..., None], world_size: int) -> None:
    together(FOLDER / "every_verb.py", world_size)


def test_every_type(together: Callable[..., None]) -> None:
    together(FOLDER / "every_dtype.py", 2)


@pytest.mark.parametrize("manner", ["ends", "hangs"])
def test_a_process_that_is_lost_is_named(
    together: Callable[..., None], tmp_path: Path, manner: str
) -> None:
    together(FOLDER / "lost_process.py", 3, manner, str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "2"]


@pytest.mark.parametrize(
    ("manner", "busy", "left", "killed"),
    [
        ("raises", False, ["0", "1", "2"], ""),
        ("raises", True, ["0", "1"], "process 2 terminated with exit code 1"),
        ("is killed", False, ["0", "2"], "process 1 terminated with signal SIGKILL"),
        ("hangs", False, ["0", "2"], "process 1 terminated with exit code 1"),
    ],
)
def test_the_first_error_ends_all_and_is_told_by_all(
    together: Callable[..., None],
    tmp_path: Path,
    manner: str,
    busy: bool,
    left: list[str],
    killed: str,
) -> None:
    with pytest.raises(ProcessExitedException, match=killed) if killed else nullcontext():
        together(FOLDER / "failing.py", 3, manner, busy, str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == left


@pytest.mark.parametrize("kind", LAUNCHERS)
def test_other_launchers(together: Callable[..., None], kind: str) -> None:
    launcher = "slurm" if kind == "slurm" else "mpi"
    together(FOLDER / "launched.py", 2, launcher, LAUNCHERS[kind])


def test_an_evaluation_may_outlast_the_timeout(together: Callable[..., None]) -> None:
    together(FOLDER / "slow_evaluation.py", 2)
