"""The canonical text of a Python config."""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

from ._errors import ConfigError
from ._limits import is_huge
from ._to_plain import dotted_name, exact

WIDTH = 100
_ON_ONE_LINE = -(2**62)  # so much of its line is taken
_LITERALS = (bytes, range)
_USED = {"complex", "dict", "float", "frozenset", "globals", "range", "set"}


def dumps(values: Mapping[str, Any]) -> str:
    """Return the text of a Python config.

    What Python has no literal for is written as the string that `repr` gives.

    Raises:
        ConfigError: If a name begins with two underscores, which Python configs drop.
    """
    # Names that the text itself uses go last and together, so that they are not hidden before.
    values = {exact(name): value for name, value in values.items()}
    used = [name for name in values if name in _USED]
    lines = [_assignment(name, values[name]) for name in values if name not in _USED]
    if len(used) == 1:
        lines.append(_assignment(used[0], values[used[0]]))
    elif used:
        lines.append(_assignment(", ".join(used), tuple(values[name] for name in used), used=True))
    return "".join(lines)


def _assignment(name: str, value: Any, used: bool = False) -> str:
    if name.startswith("__"):
        raise ConfigError(f"{name}: a Python config has no names that begin with two underscores")
    target = name if used or _is_name(name) else f"globals()[{_atom(name)}]"
    return f"{target} = {_source(value, len(target) + 3, '')}\n"


def _source(value: Any, used: int, indent: str) -> str:
    """Return the source of a value, on one line if it fits.

    Args:
        value: The value.
        used: How many columns of its first line are taken.
        indent: What its further lines begin with.
    """
    if not isinstance(value, (dict, list, tuple)) or not value:
        return _atom(value)
    opening, closing, names = _frame(value)
    deeper = indent + "    "
    items = dict.values(value) if isinstance(value, dict) else value
    pieces = [
        name + _source(each, len(deeper) + len(name) + 1, deeper)
        for name, each in zip(names, items, strict=True)
    ]
    length = used + len(opening) + len(closing) + sum(map(len, pieces)) + 2 * len(pieces) - 2
    if length <= WIDTH and not any("\n" in piece for piece in pieces):
        comma = "," if isinstance(value, tuple) and len(pieces) == 1 else ""
        return f"{opening}{', '.join(pieces)}{comma}{closing}"
    lines = "".join(f"{deeper}{piece},\n" for piece in pieces)
    return f"{opening}\n{lines}{indent}{closing}"


def _frame(value: Any) -> tuple[str, str, list[str]]:
    """Return the brackets of a container, and what stands before each of its items."""
    if isinstance(value, list):
        return "[", "]", [""] * len(value)
    if isinstance(value, tuple):
        return "(", ")", [""] * len(value)
    keys = [exact(key) for key in value]
    if all(map(_is_name, keys)):
        return "dict(", ")", [f"{key}=" for key in keys]
    return "{", "}", [f"{_source(key, _ON_ONE_LINE, '')}: " for key in keys]


def _is_name(key: object) -> bool:
    # Python takes some letters of other alphabets for the same, so they are quoted.
    return isinstance(key, str) and key.isidentifier() and key.isascii() and not iskeyword(key)


def _atom(value: Any) -> str:
    value = exact(value)
    if value is None or isinstance(value, bool) or type(value) in _LITERALS:
        return repr(value)
    if type(value) is complex:
        return f"complex({str(value)!r})"  # which may be infinite or no number
    if type(value) in (set, frozenset):
        items = (
            f"{{{', '.join(sorted(_source(each, _ON_ONE_LINE, '') for each in value))}}}"
            if value
            else "()"
        )
        return items if value and type(value) is set else f"{type(value).__name__}({items})"
    if isinstance(value, float):
        finite = value - value == 0
        return float.__repr__(value) if finite else f"float('{float.__repr__(value)}')"
    if isinstance(value, int):
        return hex(value) if is_huge(value) else int.__repr__(value)
    if isinstance(value, (dict, list, tuple)):
        opening, closing, _ = _frame(value)
        return opening + closing
    text = dotted_name(value)
    text = text if isinstance(text, str) else repr(value)
    return str.__repr__(text).replace("{{", "{\\x7b")  # `{{ ... }}` would be substituted
