"""Randomness: where it begins, and where it stands."""

from __future__ import annotations

import random
from typing import Any

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


def random_state() -> dict[str, Any]:
    """Return where the generators of this process stand, as plain data."""
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": (kind, np.asarray(keys).tolist(), int(position), int(has_gauss), float(gauss)),
        "torch": torch.get_rng_state(),
    }
    if torch.accelerator.is_available():
        state["device"] = torch.get_device_module().get_rng_state()
    return state


def restore_random_state(state: dict[str, Any]) -> None:
    """Put the generators of this process where `random_state` saw them."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(tuple(state["numpy"]))
    torch.set_rng_state(state["torch"].cpu())
    if "device" in state and torch.accelerator.is_available():
        torch.get_device_module().set_rng_state(state["device"].cpu())
