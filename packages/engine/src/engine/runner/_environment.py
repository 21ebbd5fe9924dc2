"""Set-up of the process and the work directory."""

from __future__ import annotations

import itertools
import logging
import os
import platform
import random
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.dist import broadcast_object_list, get_data_info, is_main_process, sync_random_seed


def set_up_process(env_cfg: Mapping[str, Any]) -> None:
    """Set up what holds for the whole process.

    Args:
        env_cfg: `cudnn_benchmark`; `mp_cfg`, with `mp_start_method` and `opencv_num_threads`;
            `resource_limit`, how many files may be open at least. What is not said stays as it is.
    """
    torch.backends.cudnn.benchmark = bool(env_cfg.get("cudnn_benchmark", False))
    mp_cfg = env_cfg.get("mp_cfg") or {}
    if (method := mp_cfg.get("mp_start_method")) is not None:
        torch.multiprocessing.set_start_method(method, force=True)
    if (threads := mp_cfg.get("opencv_num_threads")) is not None and "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(threads)
    if (least := env_cfg.get("resource_limit")) is not None and sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < least:
            most = least if hard == resource.RLIM_INFINITY else min(least, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def make_log_dir(work_dir: str | Path) -> str:
    """Make a folder for one start of a run, and return its name, the time of the start.

    All processes call it together; two starts within a second get different names.

    Args:
        work_dir: The folder of the run.

    Raises:
        OSError: If nothing can be written there.
    """
    names = [""]
    if is_main_process():
        stamp = time.strftime("%Y%m%d_%H%M%S")
        candidates = itertools.chain([stamp], (f"{stamp}_{n}" for n in itertools.count(1)))
        names[0] = next(name for name in candidates if _make_folder(Path(work_dir) / name))
    broadcast_object_list(names)
    return names[0]


@contextmanager
def training_lock(work_dir: str | Path, logger: logging.Logger) -> Iterator[None]:
    """Tell, in a `with` block, other trainings that one is under way in a work directory.

    A lock of the operating system tells them, which ends with the process whatever ends that. The
    first process of a run takes it. On a file system without such locks there is no warning.

    Args:
        work_dir: The folder of the run.
        logger: Where it is said that there is one already.
    """
    if sys.platform == "win32" or not is_main_process():
        yield
        return
    import fcntl  # not on Windows

    with open(Path(work_dir) / ".training", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}")
            file.flush()
        except BlockingIOError:
            file.seek(0)
            logger.warning(
                "Another training is under way in %s (%s): both write checkpoints there, and a "
                "resume would mix them. Give each a work_dir of its own",
                work_dir,
                file.read() or "an unknown process",
            )
        except OSError:  # the file system has no locks
            pass
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)  # workers that live on have the file open as well


def _make_folder(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        if folder.is_dir():
            return False
        raise
    except OSError as error:
        raise OSError(f"work_dir {folder.parent} can't be written to: {error}") from error
    return True


def set_random_seed(
    seed: int | None = None, deterministic: bool = False, diff_rank_seed: bool = False
) -> int:
    """Seed the generators of Python, numpy and torch.

    Args:
        seed: The seed; None draws one that all processes share.
        deterministic: Whether torch must use deterministic algorithms only.
        diff_rank_seed: Whether each process adds its rank to the seed.

    Returns:
        The seed, without the rank.
    """
    if seed is None:
        seed = sync_random_seed()
    own = seed + get_data_info()[0] if diff_rank_seed else seed
    random.seed(own)
    np.random.seed(own)
    torch.manual_seed(own)
    if deterministic:
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True)
    return seed
