"""Values as words of YAML, read and written.

A plain word means what it means in PyYAML, but for these: `1e-3` is a number, as in YAML 1.2; dates
(`2026-01-01`) and what would be numbers to the base of 60 (`12:30`) are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ._limits import MAX_DIGITS, check_values, check_written, is_too_large, max_digits

WIDTH = 100

_WORDS: dict[str, Any] = {
    form: value
    for words, value in (
        ("null", None),
        ("true yes on", True),
        ("false no off", False),
        (".inf +.inf", float("inf")),
        ("-.inf", float("-inf")),
        (".nan .NaN", float("nan")),
    )
    for word in words.split()
    for form in (word, word.title(), word.upper())
} | {"": None, "~": None}
_INTEGER = re.compile(r"[-+]?(?:0b[01][01_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0[0-7_]*|[1-9][0-9_]*)")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)"
)
_MOST_DIGITS = 4 * MAX_DIGITS  # as many bits has an integer of so many decimal digits at most

_PLAIN = re.compile(r"[A-Za-z_/](?:[A-Za-z0-9_./+ -]*[A-Za-z0-9_./+-])?")
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONG_KEY = 128  # the colon must be found within 1024 characters


def resolve(word: str) -> Any:
    """Return what a plain word means.

    Raises:
        OverflowError: If it is an integer with too many digits.
    """
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in "+-.0123456789":
        return word
    if _INTEGER.fullmatch(word):
        return _integer(word.replace("_", ""))
    if _FLOAT.fullmatch(word):
        return float(word.replace("_", ""))
    return word


def _integer(word: str) -> int:
    digits = word.lstrip("+-")
    is_decimal = digits[0] != "0"
    if len(digits) > (max_digits() if is_decimal else _MOST_DIGITS):
        raise OverflowError(word)
    is_octal = not is_decimal and digits.isdecimal()
    value = int(digits, 8 if is_octal else 0)
    if is_too_large(value):
        raise OverflowError(word)
    return -value if word.startswith("-") else value


def dumps(values: dict[str, Any]) -> str:
    """Return the text of a config.

    Raises:
        ConfigError: If YAML can't hold a value; it says where the value stands.
    """
    check_values(values, "YAML", int_keys=True)
    lines: list[str] = []
    _write(values, "", lines)
    text = "\n".join(lines) + "\n" if lines else "{}\n"
    check_written(text, "YAML")
    return text


def _write(holder: Any, indent: str, lines: list[str]) -> None:
    """Write the items of a dictionary or list, each on a line of its own, or on several."""
    deeper = f"{indent}  "
    if isinstance(holder, list):
        for value in holder:
            flat = _flat(value, WIDTH - len(deeper))
            if flat is not None:
                lines.append(f"{indent}- {flat}")
                continue
            first = len(lines)
            _write(value, deeper, lines)
            lines[first] = f"{indent}- {lines[first][len(deeper) :]}"
        return
    for key, value in holder.items():
        name = _word(key)
        if len(name) > _LONG_KEY:
            lines.append(f"{indent}? {name}")
            name = ""
        flat = _flat(value, WIDTH - len(indent) - len(name) - 2)
        if flat is None:
            lines.append(f"{indent}{name}:")
            _write(value, deeper, lines)
        else:
            lines.append(f"{indent}{name}: {flat}")


def _flat(value: Any, width: int) -> str | None:
    """Return a value for the line of its key; None if it goes below.

    That is where dictionaries go, and lists that have some in them or are wider than `width`.
    """
    if not isinstance(value, (dict, list)):
        return _word(value)
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, dict) or 3 * len(value) > width:
        return None
    items: list[str] = []
    for each in value:
        flat = _flat(each, width)
        if flat is None:
            return None
        items.append(flat)
    text = f"[{', '.join(items)}]"
    return text if len(text) <= width else None


def _word(value: Any) -> str:
    """Return a value that holds no others, so that it means itself again."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(float.__repr__(value))
    if _PLAIN.fullmatch(value) and value not in _WORDS:
        return str(value)
    return _quoted(value)


def _number(text: str) -> str:
    """Return a number as readers of YAML 1.1 know it as well: with a point."""
    mantissa, exponent, power = text.partition("e")
    if exponent and "." not in mantissa:
        return f"{mantissa}.0e{power}"
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    inner = inner.replace("{{", "{\\x7b")  # `{{ ... }}` would be substituted
    return f'"{inner if inner.isprintable() else "".join(_escaped(inner))}"'


def _escaped(text: str) -> Iterable[str]:
    for letter in text:
        code = ord(letter)
        if letter.isprintable():
            yield letter
        elif letter in _ESCAPES:
            yield _ESCAPES[letter]
        elif code <= 0xFF:
            yield f"\\x{code:02x}"
        else:
            yield f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
