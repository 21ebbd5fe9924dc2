"""Start method and threads of child processes."""

from __future__ import annotations

import multiprocessing
import os
import platform
from importlib.util import find_spec


def set_multi_processing(
    mp_start_method: str = "fork", opencv_num_threads: int = 0, distributed: bool = False
) -> None:
    """Set how child processes start, and keep threads from competing for the cores.

    Args:
        mp_start_method: `'fork'`, `'spawn'` or `'forkserver'`; it has no effect on Windows.
        opencv_num_threads: How many threads OpenCV takes, where it is installed; 0 means none
            beside its caller's.
        distributed: Whether several processes share the machine; OpenMP and MKL then take one
            thread each, unless `OMP_NUM_THREADS` or `MKL_NUM_THREADS` say otherwise. This is for
            processes started later.
    """
    if platform.system() != "Windows":
        multiprocessing.set_start_method(mp_start_method, force=True)
    if find_spec("cv2") is not None:
        import cv2  # deferred: it is not a dependency

        cv2.setNumThreads(opencv_num_threads)
    if distributed:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
