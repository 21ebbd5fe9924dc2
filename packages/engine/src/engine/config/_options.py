"""Options of a command line: `key=value` pairs."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterable, Sequence
from typing import Any

from ._errors import ConfigError

_WORDS = {"true": True, "false": False, "none": None}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def parse_options(options: Iterable[str]) -> dict[str, Any]:
    """Return what `key=value` pairs say, by dotted key.

    A value is a Python literal (`1`, `1e-3`, `'text'`, `[1, 2]`, `{'a': 1}`), true, false or none
    in any case, a list (`a,b` or `[a,b]`), a tuple (`(a,b)`), nested as one likes, or else text.

    Args:
        options: Pairs such as `model.backbone.depth=18`.

    Raises:
        ConfigError: If an option is no such pair.
    """
    result: dict[str, Any] = {}
    for option in options:
        key, equals, text = option.partition("=")
        if not equals or not key.strip():
            raise ConfigError(
                f"an option is key=value, such as model.backbone.depth=18; got {option!r}"
            )
        result[key.strip()] = parse_value(text)
    return result


def parse_value(text: str) -> Any:
    """Return the value that a text stands for."""
    text = text.strip()
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        pass
    if text[:1] in ("(", "[") and text.endswith(_BRACKETS[text[0]]):
        items = [parse_value(part) for part in _split(text[1:-1])]
        return tuple(items) if text[0] == "(" else items
    parts = _split(text)
    return [parse_value(part) for part in parts] if len(parts) > 1 else text


def _split(text: str) -> list[str]:
    """Split at the commas that are outside of brackets and quotes."""
    parts = [""]
    closers: list[str] = []
    quote = ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _BRACKETS:
            closers.append(_BRACKETS[letter])
        elif closers and letter == closers[-1]:
            closers.pop()
        if letter == "," and not closers and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return parts if parts[-1].strip() else parts[:-1]


class DictAction(argparse.Action):
    """An action of `argparse` that gathers `key=value` pairs into a dictionary.

    Example:
        `parser.add_argument('--cfg-options', nargs='+', action=DictAction)`
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the pairs of this option to those of former ones."""
        given = [values] if isinstance(values, str) else list(values or ())
        try:
            options = parse_options(given)
        except ConfigError as error:
            parser.error(str(error))
        setattr(namespace, self.dest, (getattr(namespace, self.dest) or {}) | options)
