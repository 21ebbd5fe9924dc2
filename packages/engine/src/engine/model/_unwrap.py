"""Unwrapping of models."""

from __future__ import annotations

from typing import Any, cast

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from engine.registry import MODEL_WRAPPERS, Registry

_WITHIN = "module."

MODEL_WRAPPERS.register_module(module=DataParallel)
MODEL_WRAPPERS.register_module(module=DistributedDataParallel)


def is_model_wrapper(model: nn.Module, registry: Registry[Any] = MODEL_WRAPPERS) -> bool:
    """Return whether a model wraps another one.

    Args:
        model: The model.
        registry: Where wrappers are registered, or in its children.
    """
    return isinstance(model, _wrappers(registry))


def unwrap(model: nn.Module) -> nn.Module:
    """Return the model within all wrappers."""
    wrappers = _wrappers(MODEL_WRAPPERS)
    while isinstance(model, wrappers):
        model = cast("nn.Module", model.module)
    return model


def plain_keys(model: nn.Module) -> dict[str, str]:
    """Return by key of a state dict what it would be if no part of the model were wrapped.

    Args:
        model: A model without a wrapper of its own.
    """
    wrappers = _wrappers(MODEL_WRAPPERS)
    wrapped = [f"{name}." for name, part in model.named_modules() if isinstance(part, wrappers)]
    names = {key: key for key in model.state_dict()}
    for start in reversed(wrapped):  # from within, so that what is outside keeps its place
        for key, plain in names.items():
            if plain.startswith(start + _WITHIN):
                names[key] = start + plain.removeprefix(start + _WITHIN)
    return names


def _wrappers(registry: Registry[Any]) -> tuple[type, ...]:
    nodes = [registry, *registry.children.values()]
    found = [wrapper for node in nodes for wrapper in node.module_dict.values()]
    return tuple(each for each in found if isinstance(each, type))
