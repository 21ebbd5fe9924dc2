"""JSON: its text becomes data and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

from ._limits import (
    MAX_DEPTH,
    MAX_VALUES,
    SCHEMA,
    check_count,
    check_depth,
    check_string,
    check_text,
    check_values,
    check_written,
    config_error,
    duplicate_key_error,
    format_short,
    line_of,
    max_digits,
    too_many_digits_error,
)
from ._line_map import LineMap

# Possessive quantifiers, and an open string ends with the text: matching takes linear time.
_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_STRUCTURE = re.compile(rf"{_STRING}|\[\s*+\]|\{{\s*+\}}|[\[\]{{}},]", re.DOTALL)
_TOKEN = re.compile(rf'{_STRING}|[\[\]{{}},:]|[^\s"\[\]{{}},:]+', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse(text: str, filename: str) -> dict[str, Any]:
    """Return the values of a text.

    `NaN`, `Infinity` and `-Infinity` are numbers.

    Args:
        text: JSON.
        filename: The name of the text in errors.

    Raises:
        ConfigError: If it is malformed, has a key twice, or exceeds a limit; it names the line.
    """
    check_text(text, filename)
    _check_structure(text, filename)

    def integer(digits: str) -> int:
        if len(digits.lstrip("-")) > max_digits():
            raise too_many_digits_error(filename, line_of(text, text.find(digits)))
        return int(digits)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            _map_lines(text, filename)  # which raises an error that names the key
        return values

    try:
        values = json.loads(text, parse_int=integer, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" starting at").removesuffix(" at")
        raise config_error(filename, error.lineno, what) from error
    except RecursionError as error:
        raise config_error(filename, 1, "the program is in too deep to read a config") from error
    if not isinstance(values, dict):
        raise config_error(filename, 1, f"a config is a mapping; this is {format_short(values)}")
    if _SURROGATE.search(text):
        for token in _TOKEN.finditer(text):
            if token[0].startswith('"'):
                check_string(json.loads(token[0]), filename, line_of(text, token.start()))
    values.pop(SCHEMA, None)
    return values


def map_lines(text: str) -> LineMap:
    """Return the lines of the keys and items of a text that `parse` accepts."""
    return _map_lines(text, "")


def dumps(values: dict[str, Any]) -> str:
    """Return the text of a config.

    Raises:
        ConfigError: If JSON can't hold a value; it names the path of the value.
    """
    check_values(values, "JSON", int_keys=False)
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    text = text.replace("{{", "{\\u007b")  # `{{ ... }}` would be substituted
    check_written(text, "JSON")
    return text


def _check_structure(text: str, filename: str) -> None:
    """Check depth and number of values before the recursive parser gets the text."""
    depth, count = 0, 1
    for match in _STRUCTURE.finditer(text):
        token = match[0]
        if token.startswith('"'):
            continue
        if token in "]}":
            depth -= 1
        elif token in "[{":
            depth, count = depth + 1, count + 1
        elif token == ",":
            count += 1
        deepest = depth + (len(token) > 1)  # `[]` and `{}` are in one piece
        if deepest > MAX_DEPTH or count > MAX_VALUES:
            line = line_of(text, match.start())
            check_depth(deepest, filename, line)
            check_count(count, filename, line)


def _map_lines(text: str, filename: str) -> LineMap:
    """Return the lines of a text.

    Raises:
        ConfigError: If a dictionary has a key twice.
    """
    top = LineMap(0)
    outer: list[tuple[LineMap, bool]] = []
    key: LineMap | None = None
    line, last = 1, 0
    for match in _TOKEN.finditer(text):
        token, start = match[0], match.start()
        line, last = line + text.count("\n", last, start), start
        if token in ",:":
            continue
        if token in "]}":
            outer.pop()
        elif outer and outer[-1][1] and key is None:
            key = _add_key(outer[-1][0], json.loads(token), line, filename)
        else:
            value = key or _add_item(outer[-1][0], line) if outer else top
            key = None
            if token in "[{":
                outer.append((value, token == "{"))
    return top


def _add_key(holder: LineMap, key: str, line: int, filename: str) -> LineMap:
    if key in holder.children:
        raise duplicate_key_error(key, holder.children[key].line, filename, line)
    new = holder.children[key] = LineMap(line)
    return new


def _add_item(holder: LineMap, line: int) -> LineMap:
    new = holder.children[len(holder.children)] = LineMap(line)
    return new
