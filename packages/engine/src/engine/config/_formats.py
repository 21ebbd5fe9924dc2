"""The formats of configs: Python is run, the others are data."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ._errors import ConfigError
from ._line_map import Lines
from ._to_plain import plain

PYTHON = ".py"
_MODULES = {  # each is imported when a config of its format is met
    PYTHON: "_python",
    ".yaml": "_yaml",
    ".yml": "_yaml",
    ".json": "_json",
    ".toml": "_toml",
}


def checked(suffix: str, name: str) -> str:
    """Return the suffix of a format.

    Raises:
        ConfigError: If there is no such format.
    """
    if suffix not in _MODULES:
        raise ConfigError(f"{name}: a config ends in {', '.join(_MODULES)}; not in {suffix!r}")
    return suffix


def _module(suffix: str) -> Any:
    return import_module(f".{_MODULES[suffix]}", __package__)


def parse(text: str, suffix: str, name: str) -> dict[str, Any]:
    """Return the values that a text format describes; Python is none."""
    values: dict[str, Any] = _module(suffix).parse(text, name)
    return values


def lines(text: str, suffix: str) -> Lines:
    """Return on which lines of a config its values stand."""
    found: Lines = _module(suffix).lines(text)
    return found


def dumps(values: Mapping[str, Any], suffix: str) -> str:
    """Return the canonical text of a config.

    Raises:
        ConfigError: If there is no such format, or it can't hold the values.
    """
    if suffix == ".toml":
        raise ConfigError("a config is written as .py, .yaml, .yml or .json; not as '.toml'")
    module = _module(checked(suffix, "a config"))
    text: str = module.dumps(values if suffix == PYTHON else plain(values))
    return text
