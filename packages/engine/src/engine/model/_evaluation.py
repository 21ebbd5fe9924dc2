"""Evaluation mode, buffers and random state within a block."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from engine.dist import broadcast, get_world_size

from ._unwrap import unwrap


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
def sharing_buffers(model: nn.Module) -> Iterator[None]:
    """Let all processes have the buffers of the first in a `with` block, as its checkpoint has.

    Statistics of batch normalization, for example, differ from one process to another. Afterwards
    each has its own again, so that a training goes on as it would have.

    Args:
        model: The model.
    """
    if get_world_size() == 1:
        yield
        return
    own = unwrap(model)
    persistent = own.state_dict(keep_vars=True)
    kept = [(each, each.clone()) for name, each in own.named_buffers() if name in persistent]
    for buffer, _ in kept:
        broadcast(buffer)
    try:
        yield
    finally:
        for buffer, before in kept:
            buffer.copy_(before)


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
