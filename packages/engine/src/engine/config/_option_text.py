"""The text of an option of a command line that sets a value of a config."""

from __future__ import annotations

from typing import Any

from engine.utils import is_plain

from ._errors import ConfigError
from ._options import parse_options, parse_value


def format_option(path: str, value: Any) -> str | None:
    """Return `key=value` for `--cfg-options`, which gives the value back; not quoted for a shell.

    Args:
        path: The dotted key.
        value: The value.

    Returns:
        The text, or None if no text means the value: a class, a dictionary, a key with `=` in it.
    """
    if isinstance(value, dict) or not is_plain([value]):
        return None
    written = [value, repr(value)] if isinstance(value, str) else [repr(value)]
    for text in written:
        try:
            is_same = repr(parse_value(text)) == repr(value)
            if is_same and [*parse_options([f"{path}={text}"])] == [path]:
                return f"{path}={text}"
        except (ConfigError, ValueError, OverflowError):
            continue
    return None
