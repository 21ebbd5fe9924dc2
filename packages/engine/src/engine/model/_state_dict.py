"""Loading and saving of state dicts."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from engine.checkpoint import CheckpointError
from engine.dist import shard_like, tensor_to_cpu
from engine.logging import get_logger

from ._unwrap import plain_keys, unwrap


def load_state_dict(
    module: nn.Module,
    state_dict: Mapping[str, Any],
    strict: bool = False,
    logger: logging.Logger | None = None,
) -> None:
    """Load weights into a module, wrapped or not.

    Of a parameter that is sharded each process takes its part; all of them have the weights whole.

    Whether they fit is judged behind the `register_load_state_dict_pre_hook` hooks of the module
    and those within it, which may rename, resize or add weights. A module with a
    `_load_from_state_dict` of its own judges itself what is missing or unexpected in it. Both are
    told the versions of modules in `_metadata` of the state dict.

    Args:
        module: The module.
        state_dict: Tensors by key.
        strict: Whether they must fit exactly; if not, the differences are logged as a warning.
        logger: Where differences are reported; None means that of the engine.

    Raises:
        CheckpointError: If they differ and `strict` is set, or if nothing fits at all.
    """
    model = unwrap(module)
    versions = getattr(state_dict, "_metadata", {})
    state_dict = _prepare(model, state_dict, versions)
    own = get_state_dict(model)
    judges = _judges(model)
    misshaped = {
        key: f"{tuple(value.shape)}, not {tuple(own[key].shape)}"
        for key, value in state_dict.items()
        if _are_tensors(value, own.get(key)) and value.shape != own[key].shape
    }
    fitting = {
        key: shard_like(value, own[key]) if _are_tensors(value, own.get(key)) else value
        for key, value in state_dict.items()
        if key not in misshaped and (key in own or key.startswith(judges))
    }
    lacking = [key for key in own if key not in state_dict and not key.startswith(judges)]
    surplus = [key for key in state_dict if key not in own and not key.startswith(judges)]
    report = _report(lacking, surplus, misshaped)
    if report and (strict or not fitting):
        raise CheckpointError(f"the weights are not those of {type(model).__name__}\n  {report}")
    plain_names = plain_keys(model)
    names = {plain: key for key, plain in plain_names.items()}
    given = OrderedDict((names.get(key, key), value) for key, value in fitting.items())
    given._metadata = versions  # type: ignore[attr-defined]  # torch reads it
    try:
        judged = model.load_state_dict(given, strict=False)
    except RuntimeError as error:  # of a module that renames weights, and they don't fit then
        raise CheckpointError(str(error)) from error
    if judges:
        absent = [plain_names.get(key, key) for key in judged.missing_keys]
        lacking += [key for key in absent if key.startswith(judges) and key not in misshaped]
        surplus += judged.unexpected_keys
        report = _report(lacking, surplus, misshaped)
        if report and (strict or len(lacking) == len(own)):
            raise CheckpointError(
                f"the weights are not those of {type(model).__name__}\n  {report}"
            )
    if report:
        (logger or get_logger()).warning(
            "The weights don't fit %s whole:\n  %s", type(model).__name__, report
        )


def _are_tensors(*values: Any) -> bool:
    return all(isinstance(value, Tensor) for value in values)


def _judges(model: nn.Module) -> tuple[str, ...]:
    """Return the prefixes of modules that load their weights in a way of their own."""
    return tuple(
        f"{name}." if name else ""
        for name, each in model.named_modules()
        if not type(each)._load_from_state_dict.__module__.startswith("torch.")
    )


def _report(lacking: Sequence[str], surplus: Sequence[str], misshaped: Mapping[str, str]) -> str:
    lines = [
        _format_keys("missing", lacking),
        _format_keys("unexpected", surplus),
        _format_keys("other shape", [f"{key} {shapes}" for key, shapes in misshaped.items()]),
    ]
    return "\n  ".join(line for line in lines if line)


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
    if destination is None and not prefix and hasattr(state, "_metadata"):
        result._metadata = state._metadata  # type: ignore[attr-defined]  # versions of modules
    return result


def weights_to_cpu(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Return weights in main memory; those that are there already are not copied.

    Sharded ones are whole in the first process, and have no values in the others (they are on the
    meta device); all processes call this together then.

    Args:
        state_dict: Tensors by key.
    """
    result = OrderedDict(
        (key, tensor_to_cpu(value) if isinstance(value, Tensor) else value)
        for key, value in state_dict.items()
    )
    if hasattr(state_dict, "_metadata"):
        result._metadata = state_dict._metadata  # type: ignore[attr-defined]  # versions of modules
    return result


def _prepare(
    model: nn.Module, state_dict: Mapping[str, Any], versions: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what the hooks of modules make of weights.

    Torch calls them again when it loads: what such a hook has mended, it leaves as it is.
    """
    holders = {
        name: each for name, each in model.named_modules() if each._load_state_dict_pre_hooks
    }
    if not holders:
        return state_dict
    prepared = dict(state_dict)
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
