"""The model within its wrappers."""

from __future__ import annotations

from typing import cast

from torch import nn

from engine.registry import MODEL_WRAPPERS, Registry


def is_model_wrapper(model: nn.Module, registry: Registry = MODEL_WRAPPERS) -> bool:
    """Return whether a model wraps another one.

    Args:
        model: The model.
        registry: Where wrappers are registered, or in its children.
    """
    nodes = [registry, *registry.children.values()]
    wrappers = [wrapper for node in nodes for wrapper in node.module_dict.values()]
    return isinstance(model, tuple(each for each in wrappers if isinstance(each, type)))


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the model within all wrappers."""
    while is_model_wrapper(model):
        model = cast("nn.Module", model.module)
    return model
