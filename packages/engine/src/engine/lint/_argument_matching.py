"""Match the keys of a config with the arguments of its class, and suggest what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.runner.run_table import PartSpec
from engine.utils import close_matches, did_you_mean
from engine.utils._annotations import Choice

from ._signature import Argument, Arguments

_SHOWN = 8  # arguments in a suggestion


@dataclass(frozen=True)
class UnknownKey:
    """A key that is not an argument.

    Attributes:
        name: The argument that was probably meant, if there is one.
        hint: The suggestion.
    """

    name: str | None
    hint: str


@dataclass(frozen=True)
class Mismatch:
    """The difference between the keys of a config and the arguments of its class.

    Attributes:
        unknown: The keys that are not arguments.
        missing: The required arguments that are not given.
    """

    unknown: Mapping[str, UnknownKey]
    missing: list[str]


def match_arguments(
    given: Mapping[str, Any],
    cfg: Mapping[str, Any],
    spec: PartSpec,
    arguments: Arguments,
    *,
    is_elsewhere: bool,
) -> Mismatch:
    """Find the keys that are not arguments, and the arguments that are missing.

    A misspelled argument that is required is one mistake, so it is not among the missing ones.

    Args:
        given: The part of the config that is passed to the class.
        cfg: The config.
        spec: How the part is built.
        arguments: The arguments of the class.
        is_elsewhere: Whether another registry than that of `spec` has the class.
    """
    missing = [
        name
        for name, argument in arguments.known.items()
        if argument.is_required and name not in given and name not in spec.given
    ]
    if spec.is_function or is_elsewhere:  # the caller or builder may add what is missing
        missing = []
    free = [name for name in arguments.known if name not in given]
    free += [name for name in ("type", *spec.taken) if name not in cfg]
    unknown = {}
    for key in given:
        if key not in arguments.known and not arguments.is_open:
            unknown[key] = _suggest_argument(str(key), [*map(str, given)], free, missing)
    return Mismatch(unknown, missing)


def _suggest_argument(
    key: str, given: list[str], free: list[str], missing: list[str]
) -> UnknownKey:
    best = next(
        iter(close_matches(key, [*free, *(each for each in given if each != key)], n=1)), None
    )
    name = best if best in free else None
    hints = [f"did you mean {name!r}?"] if name is not None else []
    if best is not None and name is None:
        hints.append(f"{best!r} is there already")
    if name in missing:
        missing.remove(name)
    elif missing:
        hints.append(f"{missing.pop(0)!r} is missing")
    if not hints:
        names = [each for each in free if each != "type"]
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        hints.append(f"it takes {shown} as well" if names else "it takes no others")
    return UnknownKey(name, ", ".join(hints).replace("?,", "?"))


def suggest_value(value: Any, argument: Argument) -> str | None:
    """Return the value that was probably meant by a wrong one, or None if there is no guess."""
    if not isinstance(value, str):
        return None
    choices = [
        choice
        for each in argument.allowed or ()
        if isinstance(each, Choice)
        for choice in each.values
    ]
    if choices:
        return did_you_mean(value, map(str, choices)).removeprefix("; ") or None
    try:
        number = int(value) if value.isdecimal() else float(value)
    except ValueError:
        return None
    return f"write {number!r}, a number" if argument.takes(number) else None
