"""The folder of a run."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

from engine.dist import broadcast_object_list, is_main_process


def make_log_dir(work_dir: str | Path) -> str:
    """Make a folder for one start of a run, and return its name, the time of the start.

    All processes call it together; two starts within a second get different names.

    Args:
        work_dir: The folder of the run.
    """
    names = [""]
    if is_main_process():
        stamp = time.strftime("%Y%m%d_%H%M%S")
        candidates = itertools.chain([stamp], (f"{stamp}_{n}" for n in itertools.count(1)))
        names[0] = next(name for name in candidates if _made(Path(work_dir) / name))
    broadcast_object_list(names)
    return names[0]


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    return True
