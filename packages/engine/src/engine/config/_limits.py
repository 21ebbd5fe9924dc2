"""Limits of text configs, so that no text can exhaust the machine that reads it."""

from __future__ import annotations

import re
import reprlib
import sys
from collections.abc import Iterable
from typing import Any

from ._errors import ConfigError

MAX_CHARACTERS = 4 * 2**20
MAX_DEPTH = 100
"""How many dictionaries and lists may be nested, the whole config being the first."""
MAX_VALUES = 1_000_000
"""How many values there may be, dictionaries and lists included; YAML's aliases count in full."""
MAX_DIGITS = 4300
"""How many digits an integer may have, if the process has no lower limit for conversions."""

SCHEMA = "$schema"
"""The key of the schema of a text, for editors; it is not part of the config."""

TOO_MANY_DIGITS = "Exceeds the limit"
"""The beginning of Python's message that an integer has too many digits."""

_ALWAYS_READ = sys.int_info.str_digits_check_threshold  # digits that Python converts in any case
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 300  # a name in a text may have millions of characters
_SCALARS = (str, bool, int, float, type(None))


def config_error(filename: str, line: int, what: str) -> ConfigError:
    """Return the error of a mistake in a text.

    Args:
        filename: The name of the text in errors.
        line: The line of the mistake, counted from 1.
        what: What is wrong, and what would be right; a very long one is cut.
    """
    return ConfigError(
        f"{filename}:{line}: {what if len(what) <= _LONGEST else f'{what[:_LONGEST]}...'}"
    )


def max_digits() -> int:
    """Return how many digits an integer may have so that Python converts it from and to text."""
    return min(MAX_DIGITS, sys.get_int_max_str_digits() or MAX_DIGITS)


def index_of(key: object) -> int | None:
    """Return the index of an item that a key of a dotted path is, or None."""
    text = str(key) if isinstance(key, (str, int)) and not is_huge(key) else ""
    return int(text) if text.isdecimal() and len(text) <= _ALWAYS_READ else None


def is_huge(value: object) -> bool:
    """Return whether a value is an integer that this process can't convert to text."""
    return isinstance(value, int) and is_too_large(value)


def line_of(text: str, position: int) -> int:
    """Return the line of a position in a text, counted from 1."""
    return text.count("\n", 0, position) + 1


def format_value(value: object) -> str:
    """Return the `repr` of a value, in full if Python can write it."""
    try:
        return format_short(value) if is_huge(value) else repr(value)
    except ValueError:  # of an integer in it
        return format_short(value)


def format_short(value: object) -> str:
    """Return the `repr` of a value, cut to a length that fits into a message."""
    huge = f"an integer of more than {max_digits()} digits"
    try:
        return huge if is_huge(value) else reprlib.repr(value)
    except ValueError:
        return f"a value that holds {huge}"


def check_text(text: str, filename: str) -> None:
    """Check a text before it is parsed.

    Raises:
        ConfigError: If it is too long, or has lone surrogates.
    """
    if len(text) > MAX_CHARACTERS:
        raise config_error(
            filename,
            1,
            f"the text has {len(text):,} characters; a config has at most {MAX_CHARACTERS:,}",
        )
    if not text.isascii() and (found := _SURROGATE.search(text)):
        raise config_error(filename, line_of(text, found.start()), _surrogate_message(found[0]))


def check_string(value: str, filename: str, line: int) -> None:
    """Check a string in which escapes were replaced.

    Raises:
        ConfigError: If it has lone surrogates.
    """
    if not value.isascii() and (found := _SURROGATE.search(value)):
        raise config_error(filename, line, _surrogate_message(found[0]))


def check_depth(depth: int, filename: str, line: int) -> None:
    """Check how deep a value is nested.

    Raises:
        ConfigError: If it is too deep.
    """
    if depth > MAX_DEPTH:
        raise config_error(filename, line, f"a config is nested at most {MAX_DEPTH} levels deep")


def check_count(count: int, filename: str, line: int) -> None:
    """Check the number of values of a text up to a line.

    Raises:
        ConfigError: If there are too many.
    """
    if count > MAX_VALUES:
        raise config_error(
            filename, line, f"a config has at most {MAX_VALUES:,} values, aliases counted in full"
        )


def is_too_large(value: int) -> bool:
    """Return whether an integer has more digits than a config may hold."""
    if value.bit_length() <= 3 * _ALWAYS_READ:
        return False
    limit: int = 10 ** max_digits()
    return abs(value) >= limit


def too_many_digits_error(filename: str, line: int) -> ConfigError:
    """Return the error of an integer with too many digits."""
    return config_error(filename, line, f"an integer has at most {max_digits()} digits")


def duplicate_key_error(key: object, first: int, filename: str, line: int) -> ConfigError:
    """Return the error of a key that is in a dictionary twice.

    Args:
        key: The key.
        first: The line of the first one.
        filename: The name of the text in errors.
        line: The line of the second one.
    """
    return config_error(
        filename,
        line,
        f"the key {format_short(key)} is on line {first} already; leave one of them out",
    )


def check_values(values: dict[str, Any], kind: str, *, int_keys: bool) -> None:
    """Check that a text format can hold the values of a config.

    Args:
        values: The values.
        kind: The name of the format in errors.
        int_keys: Whether integers may be keys of the dictionaries within.

    Raises:
        ConfigError: If it can't; it names the path of the value.
    """
    if SCHEMA in values:
        raise ConfigError(
            f"{SCHEMA}: in {kind} this key names a schema, and is not part of a config"
        )
    count = 1
    inner: list[tuple[str, int, Any]] = [("", 1, values)]
    while inner:
        path, depth, holder = inner.pop()
        count += len(holder)
        if depth > MAX_DEPTH:
            raise ConfigError(f"{path}: a config is nested at most {MAX_DEPTH} levels deep")
        if count > MAX_VALUES:
            raise ConfigError(f"{path}: a config has at most {MAX_VALUES:,} values")
        items: Iterable[tuple[Any, Any]]
        if isinstance(holder, dict):
            items = holder.items()
            _check_keys(holder, path, kind, int_keys and depth > 1)
        else:
            items = enumerate(holder)
        for key, value in items:
            if isinstance(value, (dict, list)):
                inner.append((f"{path}.{key}" if path else str(key), depth + 1, value))
            elif (fault := _find_fault(value, kind)) is not None:
                raise ConfigError(f"{path}.{key}: {fault}" if path else f"{key}: {fault}")


def check_written(text: str, kind: str) -> None:
    """Check that the text of a config is short enough to be read again.

    Raises:
        ConfigError: If the text is too long for it.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(
            f"as {kind} the config has {len(text):,} characters; "
            f"at most {MAX_CHARACTERS:,} can be read again"
        )


def _check_keys(holder: dict[Any, Any], path: str, kind: str, int_keys: bool) -> None:
    for key in holder:
        if isinstance(key, str):
            fault = None if key.isascii() else _find_fault(key, kind)
        elif int_keys and isinstance(key, int) and not isinstance(key, bool):
            fault = _find_fault(key, kind)
        else:
            fault = f"the keys of a config are strings; got {format_short(key)}"
        if fault is not None:
            raise ConfigError(f"{path}: {fault}" if path else fault)


def _find_fault(value: Any, kind: str) -> str | None:
    """Return why a format can't hold a scalar, or None if it can."""
    if isinstance(value, str):
        if value.isascii() or (found := _SURROGATE.search(value)) is None:
            return None
        return _surrogate_message(found[0])
    if isinstance(value, int):
        return f"an integer has at most {max_digits()} digits" if is_too_large(value) else None
    if isinstance(value, _SCALARS):
        return None
    return f"{kind} can't hold {format_short(value)}, which is of the type {type(value).__name__}"


def _surrogate_message(surrogate: str) -> str:
    return f"\\u{ord(surrogate):04x} is a lone surrogate; a text must consist of whole characters"
