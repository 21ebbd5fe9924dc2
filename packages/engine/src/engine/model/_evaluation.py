"""Evaluation mode and random state within a block."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Let a model predict in a `with` block: in evaluation mode and without gradients.

    Afterwards each of its modules is in the mode that it had, and gradients are on or off as they
    were.

    Args:
        model: The model.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, was_training in modes:
            module.training = was_training  # `train()` of a module may do more than that


@contextmanager
def keeping_random_state() -> Iterator[None]:
    """Let the generators of this process stand after a `with` block where they stood before it."""
    state = random_state()
    try:
        yield
    finally:
        restore_random_state(state)


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
