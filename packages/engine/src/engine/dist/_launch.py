"""Initialization of the processes of a run."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import torch
from torch import distributed
from torch.distributed.constants import default_pg_timeout

from engine.logging import get_logger

from ._groups import RESULTS_TIMEOUT, set_results_timeout
from ._lost import introduce_process
from ._meeting import has_agent_store, store_of_this_start

_PORT = "29500"  # of torchrun

# For each launcher, the variables that give those of torch; an alternative for each kind of MPI.
_VARIABLES: dict[str, list[dict[str, str]]] = {
    "pytorch": [
        {name: name for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")},
    ],
    "mpi": [
        {
            "RANK": "OMPI_COMM_WORLD_RANK",
            "WORLD_SIZE": "OMPI_COMM_WORLD_SIZE",
            "LOCAL_RANK": "OMPI_COMM_WORLD_LOCAL_RANK",
            "LOCAL_WORLD_SIZE": "OMPI_COMM_WORLD_LOCAL_SIZE",
        },
        {
            "RANK": "PMI_RANK",
            "WORLD_SIZE": "PMI_SIZE",
            "LOCAL_RANK": "MPI_LOCALRANKID",
            "LOCAL_WORLD_SIZE": "MPI_LOCALNRANKS",
        },
    ],
    "slurm": [
        {"RANK": "SLURM_PROCID", "WORLD_SIZE": "SLURM_NTASKS", "LOCAL_RANK": "SLURM_LOCALID"},
    ],
}
_RESTART_COUNTS = ("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT")
_COMMANDS = {
    "pytorch": "torchrun --nproc-per-node 2 -m",
    "mpi": "mpirun -n 2 python -m",
    "slurm": "srun --ntasks 2 python -m",
}


def infer_launcher() -> str:
    """Return who started this process: `'pytorch'`, `'mpi'`, `'slurm'`, or else `'none'`."""
    return next((name for name in _VARIABLES if not _missing(name)), "none")


def get_restart_count() -> int:
    """Return how often the launcher has started this run again.

    torchrun does so after a failure (`--max-restarts`), slurm after the job was queued again.
    """
    counts = (os.environ.get(name, "0") for name in _RESTART_COUNTS)
    return sum(int(count) for count in counts if count.isdecimal())


def get_launch_id() -> str:
    """Return what stays the same when the launcher starts this run again, else an empty string."""
    if (job := _slurm_job()) is not None:
        return f"slurm {job}"
    run = os.environ.get("TORCHELASTIC_RUN_ID", "")
    # Without an id of its own, a run is known by the torchrun that watches it.
    return f"torchrun {os.getppid()} on {platform.node()}" if run == "none" else run


def requeue_slurm_job() -> None:
    """Let slurm queue the job of this process again, which ends the processes of the job."""
    job = _slurm_job()
    if job is None or not shutil.which("scontrol"):
        get_logger().warning("This is no job of slurm, so that nothing is queued again")
        return
    done = subprocess.run(["scontrol", "requeue", job], check=False, capture_output=True, text=True)
    if done.returncode:
        get_logger().error(
            "scontrol requeue %s failed: %s", job, (done.stderr or done.stdout).strip()
        )
    else:
        get_logger().info("Queued the job %s again", job)


def _slurm_job() -> str | None:
    array, task = (os.environ.get(f"SLURM_ARRAY_{name}") for name in ("JOB_ID", "TASK_ID"))
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def init_dist(
    launcher: str,
    backend: str = "nccl",
    init_backend: str = "torch",
    *,
    timeout: float | timedelta | None = None,
    results_timeout: float | timedelta = RESULTS_TIMEOUT,
    **kwargs: Any,
) -> None:
    """Join the other processes of a run.

    Args:
        launcher: Who started the processes: `'pytorch'` for torchrun, `'slurm'` for srun, `'mpi'`
            for mpirun. For the latter two the variables that torchrun sets are set here; with
            `MASTER_ADDR` and `MASTER_PORT` in the environment, these say where the processes meet.
        backend: `'nccl'` for CUDA devices; without one, `'gloo'` takes its place.
        init_backend: `'torch'`. MMEngine knows others, which are not supported.
        timeout: How long a collective may last, in seconds; None means torch's own default.
        results_timeout: How long processes wait for the results of an evaluation, in seconds.
        **kwargs: Passed on to `torch.distributed.init_process_group`.

    Raises:
        ValueError: If the launcher is not known, or has not set the variables that it should.
    """
    if launcher not in _VARIABLES:
        known = ", ".join(map(repr, _VARIABLES))
        raise ValueError(f"the launcher is one of {known}; got {launcher!r}")
    if init_backend != "torch":
        raise ValueError(f"init_backend is 'torch'; got {init_backend!r}")
    if missing := _missing(launcher):
        program = _COMMANDS[launcher].partition(" ")[0]
        raise ValueError(
            f"the launcher {launcher!r} needs {program}, which sets {', '.join(missing)}. Start "
            f"the run with: {_COMMANDS[launcher]} engine train CONFIG --launcher {launcher}"
        )
    os.environ.update(_read_variables(launcher))
    if launcher != "pytorch":
        os.environ.setdefault("MASTER_PORT", _PORT)
        if "MASTER_ADDR" not in os.environ:
            os.environ["MASTER_ADDR"] = _first_machine(launcher)
    if backend == "nccl" and not torch.cuda.is_available():
        backend = "gloo"
    if backend == "nccl":
        # A launcher may show each process only its own device.
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        torch.cuda.set_device(local_rank % torch.cuda.device_count())
    limit = None if timeout is None else _as_timedelta(timeout)
    if has_agent_store() and "store" not in kwargs:
        kwargs = {**kwargs, **store_of_this_start(limit or default_pg_timeout)}
    distributed.init_process_group(backend=backend, timeout=limit, **kwargs)
    set_results_timeout(_as_timedelta(results_timeout))
    introduce_process()


def _missing(launcher: str) -> list[str]:
    """Return the variables that the launcher has not set, of the kind of which it has set most."""
    kinds = [
        [name for name in kind.values() if name not in os.environ] for kind in _VARIABLES[launcher]
    ]
    return min(kinds, key=len)


def _read_variables(launcher: str) -> Mapping[str, str]:
    kind = next(each for each in _VARIABLES[launcher] if os.environ.keys() >= {*each.values()})
    return {name: os.environ[theirs] for name, theirs in kind.items()}


def _first_machine(launcher: str) -> str:
    nodes = os.environ.get("SLURM_STEP_NODELIST") or os.environ.get("SLURM_JOB_NODELIST")
    if launcher == "slurm" and nodes and shutil.which("scontrol"):
        command = ["scontrol", "show", "hostnames", nodes]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.split()[0]
    if os.environ.get("LOCAL_WORLD_SIZE") == os.environ["WORLD_SIZE"]:
        return "127.0.0.1"
    raise ValueError(
        f"the launcher {launcher!r} does not tell on which machine process 0 is; set MASTER_ADDR "
        "to its name or address"
    )


def _as_timedelta(time: float | timedelta) -> timedelta:
    return time if isinstance(time, timedelta) else timedelta(seconds=time)
