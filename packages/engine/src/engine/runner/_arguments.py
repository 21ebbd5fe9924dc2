"""Do the arguments of a runner go together?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.config import Config, ConfigError
from engine.optim import OptimWrapper

from ._kinds import wrong_kinds


def check_arguments(given: Mapping[str, Any]) -> None:
    """Refuse arguments that don't go together, all at once and before anything is built.

    Args:
        given: The arguments of the runner by name.

    Raises:
        ValueError: If there is anything wrong with them.
    """
    wrong = [
        *_incomplete(given, "train_dataloader", "train_cfg", "optim_wrapper"),
        *_incomplete(given, "val_dataloader", "val_cfg", "val_evaluator"),
        *_incomplete(given, "test_dataloader", "test_cfg", "test_evaluator"),
        *_without(given, "train_cfg", "param_scheduler"),
        *_of_kinds(given),
        *_of_strategy(given),
    ]
    if len(wrong) == 1:
        raise ValueError(wrong[0])
    if wrong:
        raise ValueError("\n  ".join(["the arguments of the runner don't go together:", *wrong]))


def _incomplete(given: Mapping[str, Any], *names: str) -> list[str]:
    missing = [name for name in names if given[name] is None]
    if not missing or len(missing) == len(names):
        return []
    there = [name for name in names if name not in missing]
    return [f"{' and '.join(there)} given without {' and '.join(missing)}"]


def _without(given: Mapping[str, Any], needed: str, name: str) -> list[str]:
    return [f"{name} given without {needed}"] if given[name] and given[needed] is None else []


def _of_kinds(given: Mapping[str, Any]) -> list[str]:
    return [f"{key}{_site(given['cfg'], key)}: {told}" for key, told in wrong_kinds(given)]


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
    options = strategy if isinstance(strategy, Mapping) else vars(strategy or object)
    if options.get("precision") and isinstance(optim_wrapper, OptimWrapper):
        wrong.append(
            "strategy.precision needs the config of an optim_wrapper, to make it one with that "
            "precision; got a wrapper that is made already"
        )
    return wrong
