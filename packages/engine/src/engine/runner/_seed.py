"""Random seeds."""

from __future__ import annotations

import random

import numpy as np
import torch

from engine.dist import get_rank, sync_random_seed


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
    own = seed + get_rank() if diff_rank_seed else seed
    random.seed(own)
    np.random.seed(own)
    torch.manual_seed(own)
    if deterministic:
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True)
    return seed
