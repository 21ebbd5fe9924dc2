"""Who started the processes, and what it has to tell them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torch import distributed

from engine import dist

FAKE_SCONTROL = """#!/bin/sh
[ "$*" = "show hostnames node[1-2]" ] && echo localhost && echo elsewhere
"""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start without what launchers set, and take away what `init_dist` sets."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        for name in [*os.environ]:
            if name.startswith(("SLURM_", "OMPI_", "PMI_", "MPI_", "MASTER_")) or name in (
                "RANK",
                "WORLD_SIZE",
                "LOCAL_RANK",
                "LOCAL_WORLD_SIZE",
            ):
                del os.environ[name]
        yield
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _slurm(size: int = 1) -> None:
    os.environ.update(SLURM_PROCID="0", SLURM_NTASKS=str(size), SLURM_LOCALID="0")


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_the_launcher_is_known_by_its_variables() -> None:
    assert dist.infer_launcher() == "none"
    os.environ["SLURM_NTASKS"] = "2"  # so it is in a job before srun, too
    assert dist.infer_launcher() == "none"
    _slurm()
    assert dist.infer_launcher() == "slurm"
    os.environ.update(RANK="0", WORLD_SIZE="1", MASTER_ADDR="127.0.0.1", MASTER_PORT="1")
    assert dist.infer_launcher() == "pytorch"


@pytest.mark.parametrize(
    ("launcher", "message"),
    [
        ("lsf", "the launcher is one of 'pytorch', 'mpi', 'slurm'; got 'lsf'"),
        (
            "pytorch",
            "the launcher 'pytorch' needs torchrun, which sets RANK, WORLD_SIZE, MASTER_ADDR, "
            "MASTER_PORT. Start the run with: torchrun --nproc-per-node 2 -m engine train CONFIG "
            "--launcher pytorch",
        ),
        (
            "slurm",
            "the launcher 'slurm' needs srun, which sets SLURM_PROCID, SLURM_NTASKS, "
            "SLURM_LOCALID. Start the run with: srun --ntasks 2 python -m engine train CONFIG "
            "--launcher slurm",
        ),
        (
            "mpi",
            "the launcher 'mpi' needs mpirun, which sets OMPI_COMM_WORLD_RANK, "
            "OMPI_COMM_WORLD_SIZE, OMPI_COMM_WORLD_LOCAL_RANK, OMPI_COMM_WORLD_LOCAL_SIZE. Start "
            "the run with: mpirun -n 2 python -m engine train CONFIG --launcher mpi",
        ),
    ],
)
def test_a_launcher_must_be_known_and_have_done_its_part(launcher: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is compared
        dist.init_dist(launcher)
    assert str(caught.value) == message
    assert not dist.is_distributed()


def test_only_torch_starts_the_back_end() -> None:
    with pytest.raises(ValueError, match="init_backend is 'torch'; got 'deepspeed'"):
        dist.init_dist("pytorch", init_backend="deepspeed")


def test_slurm_tells_where_the_first_process_is(tmp_path: Path) -> None:
    scontrol = tmp_path / "scontrol"
    scontrol.write_text(FAKE_SCONTROL)
    scontrol.chmod(0o755)
    _slurm()
    os.environ.update(
        PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        SLURM_STEP_NODELIST="node[1-2]",
        MASTER_PORT=_free_port(),
    )
    dist.init_dist("slurm")
    assert os.environ["MASTER_ADDR"] == "localhost"
    assert dist.get_dist_info() == (0, 1)


def test_mpi_on_one_machine_needs_no_address() -> None:
    for name in ("RANK", "LOCAL_RANK"):
        os.environ[f"OMPI_COMM_WORLD_{name}"] = "0"
    for name in ("SIZE", "LOCAL_SIZE"):
        os.environ[f"OMPI_COMM_WORLD_{name}"] = "1"
    os.environ["MASTER_PORT"] = _free_port()
    assert dist.infer_launcher() == "mpi"
    dist.init_dist("mpi")
    assert os.environ["MASTER_ADDR"] == "127.0.0.1"
    assert dist.get_local_size() == 1


def test_where_the_first_process_is_must_be_known() -> None:
    _slurm(size=2)
    os.environ["PATH"] = ""
    with pytest.raises(ValueError, match=r"'slurm' does not tell on which .*; set MASTER_ADDR"):
        dist.init_dist("slurm")


@pytest.mark.parametrize("options", [{}, {"timeout": 30, "results_timeout": 60.0}])
def test_a_second_run_in_one_program(options: dict[str, Any]) -> None:
    for _ in range(2):
        _slurm()
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=_free_port())
        dist.init_dist("slurm", **options)
        dist.init_local_group(0, 1)
        group = dist.get_results_group()
        assert dist.get_results_group() is group is not dist.get_default_group()
        assert dist.all_gather_object({"a": [1]}, group) == [{"a": [1]}]
        distributed.destroy_process_group()
        assert dist.get_results_group() is dist.get_local_group() is None


def test_a_run_that_is_started_again_is_known() -> None:
    for name in ("TORCHELASTIC_RESTART_COUNT", "TORCHELASTIC_RUN_ID"):
        os.environ.pop(name, None)
    assert (dist.get_restart_count(), dist.get_launch_id()) == (0, "")
    os.environ.update(TORCHELASTIC_RUN_ID="mine", TORCHELASTIC_RESTART_COUNT="2")
    assert (dist.get_restart_count(), dist.get_launch_id()) == (2, "mine")
    os.environ["TORCHELASTIC_RUN_ID"] = "none"  # as torchrun calls a run without an id
    assert dist.get_launch_id().startswith(f"torchrun {os.getppid()} on ")
    os.environ.update(SLURM_JOB_ID="17", SLURM_RESTART_COUNT="1", TORCHELASTIC_RESTART_COUNT="x")
    assert (dist.get_restart_count(), dist.get_launch_id()) == (1, "slurm 17")
    os.environ.update(SLURM_ARRAY_JOB_ID="16", SLURM_ARRAY_TASK_ID="3")
    assert dist.get_launch_id() == "slurm 16_3"


@pytest.mark.parametrize(
    ("code", "told"),
    [(0, "Queued the job 17 again"), (1, "scontrol requeue 17 failed: it is no job of yours")],
)
def test_a_job_of_slurm_is_queued_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, code: int, told: str
) -> None:
    notes, scontrol = tmp_path / "notes", tmp_path / "scontrol"
    os.environ["PATH"] = os.pathsep.join([str(tmp_path), "/usr/bin", "/bin"])
    with caplog.at_level("INFO"):
        dist.requeue_slurm_job()  # there is none
        os.environ["SLURM_JOB_ID"] = "17"
        dist.requeue_slurm_job()  # and no program
        scontrol.write_text(
            f'#!/bin/sh\necho "$@" >> {notes}\necho it is no job of yours >&2\nexit {code}\n'
        )
        scontrol.chmod(0o755)
        dist.requeue_slurm_job()
    assert notes.read_text() == "requeue 17\n"
    nothing = "This is no job of slurm, so that nothing is queued again"
    assert caplog.messages == [nothing, nothing, told]
