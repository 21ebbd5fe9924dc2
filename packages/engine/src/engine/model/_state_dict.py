"""Loading and saving of state dicts."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from engine.checkpoint import CheckpointError
from engine.logging import get_logger

from ._unwrap import plain_keys, unwrap


def load_state_dict(
    module: nn.Module,
    state_dict: Mapping[str, Any],
    strict: bool = False,
    logger: logging.Logger | None = None,
) -> None:
    """Load weights into a module, wrapped or not.

    Whether they fit is judged behind the `register_load_state_dict_pre_hook` hooks of the module
    and those within it, which may rename, resize or add weights.

    Args:
        module: The module.
        state_dict: Tensors by key.
        strict: Whether they must fit exactly; if not, the differences are logged as a warning.
        logger: Where differences are reported; None means that of the engine.

    Raises:
        CheckpointError: If they differ and `strict` is set, or if nothing fits at all.
    """
    model = unwrap(module)
    state_dict = _prepare(model, state_dict)
    own = get_state_dict(model)
    misshaped = {
        key: f"{tuple(value.shape)}, not {tuple(own[key].shape)}"
        for key, value in state_dict.items()
        if isinstance(own.get(key), Tensor)
        and isinstance(value, Tensor)
        and value.shape != own[key].shape
    }
    fitting = {
        key: value for key, value in state_dict.items() if key in own and key not in misshaped
    }
    lines = [
        _format_keys("missing", [key for key in own if key not in state_dict]),
        _format_keys("unexpected", [key for key in state_dict if key not in own]),
        _format_keys("other shape", [f"{key} {shapes}" for key, shapes in misshaped.items()]),
    ]
    report = "\n  ".join(line for line in lines if line)
    if report and (strict or not fitting):
        raise CheckpointError(f"the weights are not those of {type(model).__name__}\n  {report}")
    if report:
        (logger or get_logger()).warning(
            "The weights don't fit %s whole:\n  %s", type(model).__name__, report
        )
    names = {plain: key for key, plain in plain_keys(model).items()}
    model.load_state_dict({names[key]: value for key, value in fitting.items()}, strict=False)


def get_state_dict(
    module: nn.Module,
    destination: dict[str, Any] | None = None,
    prefix: str = "",
    keep_vars: bool = False,
) -> dict[str, Any]:
    """Return the weights of a module by key, as if neither it nor a part of it were wrapped.

    Args:
        module: The module.
        destination: A dictionary to which they are added; None makes one.
        prefix: The prefix of each key.
        keep_vars: Whether they stay attached to the graph.
    """
    model = unwrap(module)
    result: dict[str, Any] = OrderedDict() if destination is None else destination
    state = model.state_dict(keep_vars=keep_vars)
    for key, plain in plain_keys(model).items():
        result[prefix + plain] = state[key]
    return result


def weights_to_cpu(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Return weights in main memory; those that are there already are not copied.

    Args:
        state_dict: Tensors by key.
    """
    return {
        key: value.cpu() if isinstance(value, Tensor) else value
        for key, value in state_dict.items()
    }


def _prepare(model: nn.Module, state_dict: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the hooks of modules make of weights.

    Torch calls them again when it loads: what such a hook has mended, it leaves as it is.
    """
    holders = {
        name: each for name, each in model.named_modules() if each._load_state_dict_pre_hooks
    }
    if not holders:
        return state_dict
    prepared = dict(state_dict)
    versions = getattr(state_dict, "_metadata", {})
    errors: list[str] = []
    for name, holder in holders.items():
        prefix = f"{name}." if name else ""
        for hook in holder._load_state_dict_pre_hooks.values():
            hook(prepared, prefix, versions.get(name, {}), False, [], [], errors)
    if errors:
        raise CheckpointError("\n  ".join(errors))
    return prepared


def _format_keys(title: str, keys: Sequence[str], most: int = 4) -> str:
    if not keys:
        return ""
    more = f", and {len(keys) - most} more" if len(keys) > most else ""
    return f"{title} ({len(keys)}): {', '.join(keys[:most])}{more}"
