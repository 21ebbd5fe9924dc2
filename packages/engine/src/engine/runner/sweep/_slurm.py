"""A sweep as an array of jobs of slurm."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engine.fileio import put_text

from ._outcome import Outcome
from ._plan import Sweep, SweepRun
from ._processes import checked_outcome

_SCRIPT, _JOB = "sweep.sbatch", "slurm_job"


def slurm_script(sweep: Sweep, runs: Sequence[SweepRun], parallel: int | None = None) -> str:
    """Return the script of an array with a task for each run.

    Args:
        sweep: The sweep.
        runs: Its runs.
        parallel: How many tasks run at once; None means as many as slurm likes.
    """
    folder = Path(sweep.work_dir).absolute()
    limit = "" if parallel is None else f"%{parallel}"
    tasks = [
        f"{number}) exec {shlex.join([*sweep.command(run), '--outcome'])} ;;"
        for number, run in enumerate(runs)
    ]
    return "\n".join(
        [
            "#!/bin/bash",
            f"#SBATCH --job-name={shlex.quote(folder.name)}",
            f"#SBATCH --array=0-{len(runs) - 1}{limit}",
            f"#SBATCH --chdir={shlex.quote(str(Path.cwd()))}",
            f"#SBATCH --output={shlex.quote(f'{folder}/slurm-%A_%a.log')}",
            'case "$SLURM_ARRAY_TASK_ID" in',
            *tasks,
            "esac",
            "",
        ]
    )


def submit(
    sweep: Sweep,
    runs: Sequence[SweepRun],
    parallel: int | None = None,
    options: Sequence[str] = (),
) -> str:
    """Submit the runs that are not finished to slurm, as an array of jobs.

    Args:
        sweep: The sweep.
        runs: Its runs.
        parallel: How many tasks run at once; None means as many as slurm likes.
        options: Options of `sbatch`, such as `--gres=gpu:1`.

    Returns:
        The number of the job; '' if all runs are finished.

    Raises:
        ValueError: If there is no `sbatch`, it fails, or an earlier array is not over.
    """
    if not shutil.which("sbatch"):
        raise ValueError("there is no sbatch here: --slurm is for a machine that submits to slurm")
    folder = Path(sweep.work_dir)
    left = [run for run in runs if not checked_outcome(sweep, run).is_over]
    if (job := _job_under_way(folder)) is not None:
        raise ValueError(
            f"job {job} of this sweep is not over: wait for it, or end it (scancel {job})"
        )
    if not left:
        return ""
    for run in left:
        Outcome("waiting", words=tuple(sweep.words(run))).write(sweep.folder(run))
    script = folder / _SCRIPT
    put_text(slurm_script(sweep, left, parallel), script)
    command = ["sbatch", "--parsable", *options, str(script)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"{shlex.join(command)} failed: {done.stderr.strip()}")
    job = done.stdout.strip().partition(";")[0]
    put_text(job, folder / _JOB)
    return job


def _job_under_way(folder: Path) -> str | None:
    """Return the array that was submitted before, if slurm still knows it."""
    file = folder / _JOB
    if not file.exists() or not shutil.which("squeue"):
        return None
    job = file.read_text("utf-8").strip()
    if not job.isdecimal():
        raise ValueError(f"{file} holds no number of a job: {job!r}")
    command = ["squeue", "--noheader", "--jobs", job]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return job if done.returncode == 0 and done.stdout.strip() else None
