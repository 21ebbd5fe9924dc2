"""Activation checkpointing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from ._find_modules import find_modules
from ._method_override import override_methods


def turn_on_activation_checkpointing(model: nn.Module, modules: Sequence[str] | str) -> None:
    """Let modules compute their activations again in the backward pass instead of keeping them.

    Losses and gradients stay what they are; so do the statistics of batch normalization, and
    random numbers such as those of dropout.

    Args:
        model: The model.
        modules: The name or names of modules in it, such as `'backbone.layer1'`, or patterns of
            them, such as `'backbone.layer*'`.

    Raises:
        ValueError: If the model has no module of a name.
    """
    for module in find_modules(model, modules).values():
        override_methods(module, _Checkpointed)


class _Checkpointed:
    """Methods of a module whose activations are computed again."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        module: Any = self
        forward = super().forward  # type: ignore[misc]  # that of the module
        if not (module.training and torch.is_grad_enabled()):
            return forward(*args, **kwargs)
        return checkpoint(
            forward,
            *args,
            use_reentrant=False,
            context_fn=lambda: (nullcontext(), _restore_buffers(module)),
            **kwargs,
        )


@contextmanager
def _restore_buffers(module: nn.Module) -> Iterator[None]:
    """Keep running statistics, which the first pass has moved already, where they are."""
    norms = [
        (each, each.momentum, each.num_batches_tracked)
        for each in module.modules()
        if isinstance(each, _BatchNorm) and each.training and each.num_batches_tracked is not None
    ]
    for norm, _, _ in norms:
        norm.momentum = 0.0
    counts = [count.clone() for _, _, count in norms]
    try:
        yield
    finally:
        for (norm, momentum, count), before in zip(norms, counts, strict=True):
            norm.momentum = momentum
            count.copy_(before)
