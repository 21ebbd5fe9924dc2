"""Writer of Python configs in their canonical form."""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

from ._errors import ConfigError
from ._limits import is_huge
from ._to_plain import to_builtin, to_dotted_name

WIDTH = 100
_ON_ONE_LINE = -(2**62)  # so much of its line is taken
_LITERALS = (bytes, range)
_USED = {"complex", "dict", "float", "frozenset", "globals", "range", "set"}


def dumps(values: Mapping[str, Any]) -> str:
    """Return the text of a Python config.

    A value without a literal is written as the string of its `repr`.

    Raises:
        ConfigError: If a name begins with two underscores, which Python configs drop.
    """
    # Names that the text itself uses go last and together, so that they are not hidden before.
    values = {to_builtin(name): value for name, value in values.items()}
    used = [name for name in values if name in _USED]
    lines = [_format_assignment(name, values[name]) for name in values if name not in _USED]
    if len(used) == 1:
        lines.append(_format_assignment(used[0], values[used[0]]))
    elif used:
        lines.append(
            _format_assignment(", ".join(used), tuple(values[name] for name in used), used=True)
        )
    return "".join(lines)


def _format_assignment(name: str, value: Any, used: bool = False) -> str:
    if name.startswith("__"):
        raise ConfigError(f"{name}: a Python config has no names that begin with two underscores")
    target = name if used or _is_name(name) else f"globals()[{_format_atom(name)}]"
    return f"{target} = {_format(value, len(target) + 3, '')}\n"


def _format(value: Any, used: int, indent: str) -> str:
    """Return the source of a value, on one line if it fits.

    Args:
        value: The value.
        used: How many columns of its first line are taken.
        indent: The indentation of its further lines.
    """
    if not isinstance(value, (dict, list, tuple)) or not value:
        return _format_atom(value)
    opening, closing, names = _frame(value)
    deeper = indent + "    "
    items = dict.values(value) if isinstance(value, dict) else value
    pieces = [
        name + _format(each, len(deeper) + len(name) + 1, deeper)
        for name, each in zip(names, items, strict=True)
    ]
    length = used + len(opening) + len(closing) + sum(map(len, pieces)) + 2 * len(pieces) - 2
    if length <= WIDTH and not any("\n" in piece for piece in pieces):
        comma = "," if isinstance(value, tuple) and len(pieces) == 1 else ""
        return f"{opening}{', '.join(pieces)}{comma}{closing}"
    lines = "".join(f"{deeper}{piece},\n" for piece in pieces)
    return f"{opening}\n{lines}{indent}{closing}"


def _frame(value: Any) -> tuple[str, str, list[str]]:
    """Return the brackets of a container, and the prefix of each of its items."""
    if isinstance(value, list):
        return "[", "]", [""] * len(value)
    if isinstance(value, tuple):
        return "(", ")", [""] * len(value)
    keys = [to_builtin(key) for key in value]
    if all(map(_is_name, keys)):
        return "dict(", ")", [f"{key}=" for key in keys]
    return "{", "}", [f"{_format(key, _ON_ONE_LINE, '')}: " for key in keys]


def _is_name(key: object) -> bool:
    # Python normalizes some letters of other alphabets, so they are quoted.
    return isinstance(key, str) and key.isidentifier() and key.isascii() and not iskeyword(key)


def _format_atom(value: Any) -> str:
    value = to_builtin(value)
    if value is None or isinstance(value, bool) or type(value) in _LITERALS:
        return repr(value)
    if type(value) is complex:
        return f"complex({str(value)!r})"  # which may be infinite or no number
    if type(value) in (set, frozenset):
        items = (
            f"{{{', '.join(sorted(_format(each, _ON_ONE_LINE, '') for each in value))}}}"
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
    text = to_dotted_name(value)
    text = text if isinstance(text, str) else repr(value)
    return str.__repr__(text).replace("{{", "{\\x7b")  # `{{ ... }}` would be substituted
