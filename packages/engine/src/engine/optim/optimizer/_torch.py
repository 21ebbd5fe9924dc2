"""The optimizers of torch in the registry.

One that is slow to import has a module of its own: each run imports this one.
"""

from __future__ import annotations

import torch

from engine.registry import OPTIMIZERS

__all__ = ["OPTIMIZERS", "TORCH_OPTIMIZERS"]


def _register() -> tuple[str, ...]:
    names = []
    for name, value in vars(torch.optim).items():
        is_optimizer = isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
        if is_optimizer and value is not torch.optim.Optimizer:
            OPTIMIZERS.register_module(module=value)
            names.append(name)
    return tuple(names)


TORCH_OPTIMIZERS = _register()
