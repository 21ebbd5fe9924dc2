"""The canonical text of a config."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from pathlib import PurePath
from typing import Any

from ._errors import ConfigError

WIDTH = 100


def dumps(values: Mapping[str, Any], suffix: str) -> str:
    """Return the text of a config in the format of `suffix`: `.py`, `.yaml`, `.yml` or `.json`.

    Raises:
        ConfigError: If the format is not known.
    """
    if suffix == ".py":
        return "".join(
            f"{key} = {_python(value, len(key) + 3, '')}\n" for key, value in values.items()
        )
    plain = _plain(values)
    if suffix == ".json":
        return json.dumps(plain, indent=2) + "\n"
    if suffix in (".yaml", ".yml"):
        import yaml  # deferred: most configs are written as Python

        return str(yaml.safe_dump(plain, sort_keys=False))
    raise ConfigError(f"a config is written as .py, .yaml, .yml or .json; not as {suffix!r}")


def _python(value: Any, used: int, indent: str) -> str:
    """Return the source of `value`, on one line if it fits.

    Args:
        value: The value.
        used: How many columns of its first line are taken.
        indent: What its further lines begin with.
    """
    flat = _flat(value)
    if used + len(flat) <= WIDTH or not isinstance(value, (dict, list, tuple)) or not value:
        return flat
    opening, closing = _brackets(value)
    deeper = indent + "    "
    lines = [
        f"{deeper}{name}{_python(each, len(deeper) + len(name) + 1, deeper)},\n"
        for name, each in _items(value)
    ]
    return f"{opening}\n{''.join(lines)}{indent}{closing}"


def _flat(value: Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        opening, closing = _brackets(value)
        inner = ", ".join(name + _flat(each) for name, each in _items(value))
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{opening}{inner}{comma}{closing}"
    if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
        return f"float({str(value)!r})"
    return repr(dotted_name(value))


def _brackets(value: Any) -> tuple[str, str]:
    if isinstance(value, dict):
        return ("dict(", ")") if _is_call(value) else ("{", "}")
    return ("[", "]") if isinstance(value, list) else ("(", ")")


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield from (("", each) for each in value)
    elif _is_call(value):
        yield from ((f"{key}=", each) for key, each in value.items())
    else:
        yield from ((f"{key!r}: ", each) for key, each in value.items())


def _is_call(value: dict[Any, Any]) -> bool:
    return all(isinstance(key, str) and key.isidentifier() and not iskeyword(key) for key in value)


def _plain(value: Any) -> Any:
    """Return `value` as text formats can hold it: dictionaries, lists and scalars."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return dotted_name(value)


def dotted_name(value: Any) -> Any:
    """Return the dotted name of a class or function, the text of a path, anything else as it is."""
    if isinstance(value, PurePath):
        return str(value)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return value
