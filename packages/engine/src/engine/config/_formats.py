"""Formats of configs: Python runs, the others are data."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ._errors import ConfigError
from ._line_map import LineMap
from ._to_plain import to_plain

PYTHON = ".py"
_MODULES = {  # each is imported with the first config of its format
    PYTHON: "_python",
    ".yaml": "_yaml",
    ".yml": "_yaml",
    ".json": "_json",
    ".toml": "_toml",
}
WRITABLE = (PYTHON, ".yaml", ".yml", ".json")


def check_suffix(suffix: str, name: str) -> str:
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
    """Return the values of a text in YAML, JSON or TOML."""
    values: dict[str, Any] = _module(suffix).parse(text, name)
    return values


def map_lines(text: str, suffix: str) -> LineMap:
    """Return the lines of the values in the text of a config."""
    lines: LineMap = _module(suffix).map_lines(text)
    return lines


def dumps(values: Mapping[str, Any], suffix: str) -> str:
    """Return the canonical text of a config.

    Raises:
        ConfigError: If there is no such format, or it can't hold the values.
    """
    if suffix == ".toml":
        raise ConfigError("a config is written as .py, .yaml, .yml or .json; not as '.toml'")
    module = _module(check_suffix(suffix, "a config"))
    text: str = module.dumps(values if suffix == PYTHON else to_plain(values))
    return text
