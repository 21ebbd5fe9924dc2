"""The keyword arguments of a constructor, by its signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, signature
from typing import Any

_NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def named_arguments(make: Callable[..., Any]) -> set[str]:
    """Return the names of the arguments that a class or function has in its signature."""
    parameters = _parameters(make) or {}
    return {name for name, each in parameters.items() if each.kind in _NAMED}


def refused_arguments(make: Callable[..., Any], given: Iterable[str]) -> list[str]:
    """Return those of the arguments given that a call would refuse, as the signature tells.

    Args:
        make: A class or function; one without a signature refuses none.
        given: The names of the arguments.
    """
    parameters = _parameters(make)
    if parameters is None:
        return []
    if any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values()):
        return []
    named = named_arguments(make)
    return [each for each in given if each not in named]


def _parameters(make: Callable[..., Any]) -> Mapping[str, Parameter] | None:
    try:
        return signature(make).parameters
    except (TypeError, ValueError):
        return None
