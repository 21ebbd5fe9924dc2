"""What a text config may hold at most, so that no text can exhaust the machine that reads it."""

from __future__ import annotations

import re
import reprlib
import sys
from collections.abc import Iterable
from typing import Any

from ._errors import ConfigError

MAX_CHARACTERS = 4 * 2**20
MAX_DEPTH = 100
"""How many dictionaries and lists may be within each other, the whole config being the first."""
MAX_VALUES = 1_000_000
"""How many values there may be, dictionaries and lists included; YAML's aliases count in full."""
MAX_DIGITS = 4300
"""How many digits an integer may have, if the process has no lower limit for conversions."""

SCHEMA = "$schema"
"""The key by which a text names its schema for editors; it is no part of the config."""

TOO_MANY_DIGITS = "Exceeds the limit"
"""How Python begins to tell that an integer has too many digits."""

_ALWAYS_READ = sys.int_info.str_digits_check_threshold  # digits that Python converts in any case
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 300  # a name in a text may have millions of characters
_ATOMS = (str, bool, int, float, type(None))


def mistake(filename: str, line: int, what: str) -> ConfigError:
    """Return the error that a text has a mistake.

    Args:
        filename: What errors call the text.
        line: Where the mistake is, counted from 1.
        what: What is wrong, and what would be right; the end of a very long one is left out.
    """
    return ConfigError(
        f"{filename}:{line}: {what if len(what) <= _LONGEST else f'{what[:_LONGEST]}...'}"
    )


def max_digits() -> int:
    """Return how many digits an integer may have so that Python converts it from and to text."""
    return min(MAX_DIGITS, sys.get_int_max_str_digits() or MAX_DIGITS)


def index_of(key: object) -> int | None:
    """Return the number that a key of a dotted path is, as that of an item; None if it is none."""
    text = str(key) if isinstance(key, (str, int)) and not is_huge(key) else ""
    return int(text) if text.isdecimal() and len(text) <= _ALWAYS_READ else None


def is_huge(value: object) -> bool:
    """Return whether a value is an integer that has no text in this process."""
    return isinstance(value, int) and is_too_large(value)


def line_of(text: str, position: int) -> int:
    """Return the line of a position in a text, counted from 1."""
    return text.count("\n", 0, position) + 1


def shown(value: object) -> str:
    """Return the `repr` of a value, whole if Python can write it."""
    try:
        return short(value) if is_huge(value) else repr(value)
    except ValueError:  # of an integer within
        return short(value)


def short(value: object) -> str:
    """Return the `repr` of a value, cut to a length that fits into a message."""
    huge = f"an integer of more than {max_digits()} digits"
    try:
        return huge if is_huge(value) else reprlib.repr(value)
    except ValueError:
        return f"a value that holds {huge}"


def check_text(text: str, filename: str) -> None:
    """Check the text itself, before anything looks into it.

    Raises:
        ConfigError: If it is too long, or has surrogates, which are no characters.
    """
    if len(text) > MAX_CHARACTERS:
        raise mistake(
            filename,
            1,
            f"the text has {len(text):,} characters; a config has at most {MAX_CHARACTERS:,}",
        )
    if not text.isascii() and (found := _SURROGATE.search(text)):
        raise mistake(filename, line_of(text, found.start()), _no_character(found[0]))


def check_string(value: str, filename: str, line: int) -> None:
    """Check a string that may have come about by escapes.

    Raises:
        ConfigError: If it has surrogates, which are no characters.
    """
    if not value.isascii() and (found := _SURROGATE.search(value)):
        raise mistake(filename, line, _no_character(found[0]))


def check_depth(depth: int, filename: str, line: int) -> None:
    """Check how many dictionaries and lists are around a value, and are one.

    Raises:
        ConfigError: If they are too many.
    """
    if depth > MAX_DEPTH:
        raise mistake(filename, line, f"a config is nested at most {MAX_DEPTH} levels deep")


def check_count(count: int, filename: str, line: int) -> None:
    """Check how many values a text has up to a line.

    Raises:
        ConfigError: If they are too many.
    """
    if count > MAX_VALUES:
        raise mistake(
            filename, line, f"a config has at most {MAX_VALUES:,} values, aliases counted in full"
        )


def is_too_large(value: int) -> bool:
    """Return whether an integer has more digits than a config may hold."""
    if value.bit_length() <= 3 * _ALWAYS_READ:
        return False
    limit: int = 10 ** max_digits()
    return abs(value) >= limit


def too_large(filename: str, line: int) -> ConfigError:
    """Return the error that an integer has too many digits."""
    return mistake(filename, line, f"an integer has at most {max_digits()} digits")


def twice(key: object, first: int, filename: str, line: int) -> ConfigError:
    """Return the error that a key is in a dictionary twice.

    Args:
        key: The key.
        first: The line on which it was before.
        filename: What errors call the text.
        line: The line on which it is again.
    """
    return mistake(
        filename, line, f"the key {short(key)} is on line {first} already; leave one of them out"
    )


def check_values(values: dict[str, Any], kind: str, *, int_keys: bool) -> None:
    """Check that a text format can hold the values of a config.

    Args:
        values: The values.
        kind: What errors call the format.
        int_keys: Whether integers may be keys of the dictionaries within.

    Raises:
        ConfigError: If it can't; it says where the value stands.
    """
    if SCHEMA in values:
        raise ConfigError(
            f"{SCHEMA}: in {kind} this key names a schema, and is no part of a config"
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
            elif (fault := _fault(value, kind)) is not None:
                raise ConfigError(f"{path}.{key}: {fault}" if path else f"{key}: {fault}")


def check_written(text: str, kind: str) -> None:
    """Check that a config which was written as a text can be read again.

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
            fault = None if key.isascii() else _fault(key, kind)
        elif int_keys and isinstance(key, int) and not isinstance(key, bool):
            fault = _fault(key, kind)
        else:
            fault = f"the keys of a config are strings; got {short(key)}"
        if fault is not None:
            raise ConfigError(f"{path}: {fault}" if path else fault)


def _fault(value: Any, kind: str) -> str | None:
    """Return what keeps a value that holds no others out of a format."""
    if isinstance(value, str):
        if value.isascii() or (found := _SURROGATE.search(value)) is None:
            return None
        return _no_character(found[0])
    if isinstance(value, int):
        return f"an integer has at most {max_digits()} digits" if is_too_large(value) else None
    if isinstance(value, _ATOMS):
        return None
    return f"{kind} can't hold {short(value)}, which is of the type {type(value).__name__}"


def _no_character(surrogate: str) -> str:
    return f"\\u{ord(surrogate):04x} is one half of a character; a text holds whole ones"
