"""Validation of the arguments of a runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.config import Config, ConfigError
from engine.optim import OptimWrapper

from .run_table import GROUPS
from .run_values import wrong_values


def check_arguments(given: Mapping[str, Any]) -> None:
    """Refuse arguments that don't go together, all at once and before anything is built.

    Args:
        given: The arguments of the runner by name.

    Raises:
        ValueError: If there is anything wrong with them.
    """
    wrong = [message for group in GROUPS for message in _incomplete(given, group)]
    if given["param_scheduler"] and given["train_cfg"] is None:
        wrong.append("param_scheduler given without train_cfg")
    cfg = given["cfg"]
    wrong += [f"{key}{_site(cfg, key)}: {message}" for key, message in wrong_values(given)]
    wrong += _of_strategy(given)
    if len(wrong) == 1:
        raise ValueError(wrong[0])
    if wrong:
        raise ValueError("\n  ".join(["the arguments of the runner don't go together:", *wrong]))


def _incomplete(given: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    missing = [name for name in names if given[name] is None]
    if not missing or len(missing) == len(names):
        return []
    there = [name for name in names if name not in missing]
    return [f"{' and '.join(there)} given without {' and '.join(missing)}"]


def _site(cfg: Any, key: str) -> str:
    """Return where a config sets a value, in brackets, if it knows that."""
    try:
        site = cfg.provenance(key).site if isinstance(cfg, Config) else None
    except ConfigError:  # the argument is another than that in the config
        site = None
    return "" if site is None else f" ({site})"


def _of_strategy(given: Mapping[str, Any]) -> list[str]:
    strategy, optim_wrapper = given["strategy"], given["optim_wrapper"]
    wrong = []
    is_config = strategy is None or isinstance(strategy, Mapping)
    if given["compile"] and (not is_config or (strategy or {}).get("compile")):
        wrong.append("compile given beside a strategy that says it itself")
    is_mapping = isinstance(strategy, Mapping)
    precision = strategy.get("precision") if is_mapping else getattr(strategy, "precision", None)
    if precision and isinstance(optim_wrapper, OptimWrapper):
        wrong.append(
            "strategy.precision needs the config of an optim_wrapper, to make it one with that "
            "precision; got a wrapper that is made already"
        )
    return wrong
