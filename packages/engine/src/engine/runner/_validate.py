"""Validation of the arguments of a runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.optim import OptimWrapper
from engine.utils import did_you_mean

from .run_table import ENVIRONMENT, GROUPS, LAUNCHERS, RANDOMNESS


def check_arguments(given: Mapping[str, Any]) -> None:
    """Refuse arguments that don't go together, all at once and before anything is built.

    Args:
        given: The arguments of the runner by name.

    Raises:
        ValueError: If there is anything wrong with them.
    """
    wrong = [
        *(message for group in GROUPS for message in _incomplete(given, group)),
        *_without(given, "train_cfg", "param_scheduler"),
        *_unknown("env_cfg", given["env_cfg"], ENVIRONMENT),
        *_unknown("randomness", given["randomness"], RANDOMNESS),
        *_of_strategy(given),
    ]
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


def _without(given: Mapping[str, Any], needed: str, name: str) -> list[str]:
    return [f"{name} given without {needed}"] if given[name] and given[needed] is None else []


def _unknown(name: str, options: Mapping[str, Any] | None, known: Sequence[str]) -> list[str]:
    return [
        f"{name} has no option {option!r}{did_you_mean(option, known)}"
        for option in options or ()
        if option not in known
    ]


def _of_strategy(given: Mapping[str, Any]) -> list[str]:
    strategy, optim_wrapper = given["strategy"], given["optim_wrapper"]
    wrong = []
    if given["launcher"] not in LAUNCHERS:
        wrong.append(f"launcher is one of {', '.join(LAUNCHERS)}; got {given['launcher']!r}")
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
