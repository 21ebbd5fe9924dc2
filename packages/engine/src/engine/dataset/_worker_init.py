"""Initialization of data loader workers."""

from __future__ import annotations

import random
import warnings

import numpy as np
import torch

from engine.registry import FUNCTIONS


@FUNCTIONS.register_module()
def worker_init_fn(
    worker_id: int,
    num_workers: int,
    rank: int,
    seed: int,
    disable_subprocess_warning: bool = False,
) -> None:
    """Seed the generators of Python, NumPy and torch in a worker, differently in each one.

    Args:
        worker_id: The number of the worker.
        num_workers: The number of workers of each training process.
        rank: The number of the training process.
        seed: The seed of the run.
        disable_subprocess_warning: Whether only the first worker is to show warnings.
    """
    worker_seed = seed + num_workers * rank + worker_id
    random.seed(worker_seed)
    np.random.seed(worker_seed % 2**32)
    torch.manual_seed(worker_seed)
    if disable_subprocess_warning and worker_id != 0:
        warnings.simplefilter("ignore")
