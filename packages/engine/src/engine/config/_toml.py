"""TOML: its text becomes data and nothing else."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ._limits import (
    MAX_DEPTH,
    MAX_VALUES,
    SCHEMA,
    check_count,
    check_depth,
    check_text,
    config_error,
    is_too_large,
    line_of,
    max_digits,
    too_many_digits_error,
)
from ._line_map import LineMap

# Possessive quantifiers, and an open string ends with the text: matching takes linear time.
_TOKEN = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}+(?!"))*+(?:"{3,5}+)?'
    r"|'''(?:[^']++|'{1,2}+(?!'))*+(?:'{3,5}+)?"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
    r"|[\n\[\]{}=.,]"
    r"""|[^\s"'\#\[\]{}=.,]++""",
    re.DOTALL,
)
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


def parse(text: str, filename: str) -> dict[str, Any]:
    """Return the values of a text.

    Dates and times become text in ISO 8601, as in the other formats.

    Args:
        text: TOML.
        filename: The name of the text in errors.

    Raises:
        ConfigError: If it is malformed, or exceeds a limit; it names the line.
    """
    check_text(text, filename)
    _check_structure(text, filename)
    try:
        values = tomllib.loads(text)
    except ValueError as error:
        found = _PLACE.fullmatch(str(error))
        what, line = (found[1], found[2]) if found else (str(error), None)
        raise config_error(filename, int(line or text.rstrip().count("\n") + 1), what) from error
    except RecursionError as error:
        raise config_error(filename, 1, "the program is in too deep to read a config") from error
    values.pop(SCHEMA, None)
    _make_plain(values, text, filename)
    return values


def map_lines(text: str) -> LineMap:
    """Return the lines of the keys and items of a text that `parse` accepts.

    tomllib knows no lines, so the text is split into tokens once more.
    """
    top = here = LineMap(0)
    tokens = _tokens(f"{text}\n")
    for token in tokens:
        if token.text == "[":
            here = _read_header(tokens, top)
        elif token.text != "\n":
            keys = [token, *_until("=", tokens)]
            _read_value(next(tokens), tokens, _descend(here, keys))
            while next(tokens).text != "\n":
                pass  # the rest of a scalar
    return top


class _Token(NamedTuple):
    text: str
    line: int


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the tokens of a text, line ends included, without its comments."""
    line, last = 1, 0
    for match in _TOKEN.finditer(text):
        line, last = line + text.count("\n", last, match.start()), match.start()
        if not match[0].startswith("#"):
            yield _Token(match[0], line)


def _check_structure(text: str, filename: str) -> None:
    """Check the limits that protect the parser, before it gets the text.

    It calls itself within brackets, and takes quadratic time in the number of parts of a key and
    of digits. It is slow, too, so a text that certainly has too many values is refused here.
    """
    depth = parts = 0
    longest = max_digits()
    counts = {"=": 0, ",": 0}  # neither can be more than there are values
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == ".":
            parts += 1
        elif token in "[]{}=,\n":
            parts = 0
            depth += (token in "[{") - (token in "]}")
            if token in counts:
                counts[token] += 1
                if counts[token] > MAX_VALUES:
                    check_count(counts[token], filename, line_of(text, match.start()))
        elif len(token) > longest and token[0] not in "\"'#":
            raise too_many_digits_error(filename, line_of(text, match.start()))
        if depth > MAX_DEPTH or parts > MAX_DEPTH:
            check_depth(max(depth, parts), filename, line_of(text, match.start()))


def _make_plain(values: dict[str, Any], text: str, filename: str) -> None:
    """Replace dates and times by their text, and check the other limits."""
    count = 1
    inner: list[tuple[tuple[str, ...], Any]] = [((), values)]

    def line(path: tuple[str, ...]) -> int:
        return map_lines(text).find(path)

    while inner:
        path, holder = inner.pop()
        count += len(holder)
        check_count(count, filename, 1)  # finding the line in so long a text would take long
        if len(path) >= MAX_DEPTH:
            check_depth(len(path) + 1, filename, line(path))
        items: Iterable[tuple[Any, Any]]
        items = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, value in items:
            if isinstance(value, (dict, list)):
                inner.append(((*path, str(key)), value))
            elif isinstance(value, int) and is_too_large(value):
                raise too_many_digits_error(filename, line((*path, str(key))))
            elif isinstance(value, (datetime.date, datetime.time)):
                holder[key] = value.isoformat()


def _read_header(tokens: Iterator[_Token], top: LineMap) -> LineMap:
    """Return the table of the header `[key]` or `[[key]]`."""
    first = next(tokens)
    is_item = first.text == "["
    if is_item:
        first = next(tokens)
    table = _descend(top, [first, *_until("]", tokens)])
    if is_item:
        next(tokens)
        table = table.children.setdefault(len(table.children), LineMap(first.line))
    table.line = first.line
    return table


def _until(end: str, tokens: Iterator[_Token]) -> Iterator[_Token]:
    """Yield the further parts of a dotted key, up to `end`."""
    for token in tokens:
        if token.text == end:
            return
        if token.text != ".":
            yield token


def _descend(table: LineMap, keys: Iterable[_Token]) -> LineMap:
    """Return the line map of a dotted key in a table."""
    for token in keys:
        if 0 in table.children:  # an array of tables: its newest
            table = table.children[len(table.children) - 1]
        table = table.children.setdefault(_unquote(token.text), LineMap(token.line))
    return table


def _unquote(key: str) -> str:
    if key.startswith('"') and "\\" in key:
        (key,) = tomllib.loads(f"{key} = 0")
        return key
    return key[1:-1] if key[0] in "\"'" else key


def _read_value(first: _Token, tokens: Iterator[_Token], node: LineMap) -> None:
    """Record the lines of the items of an array or inline table.

    Args:
        first: The first token of the value.
        tokens: The further tokens; those of a scalar may be left there.
        node: The line map of the value.
    """
    if first.text not in "[{":
        return
    is_next = True
    for token in tokens:
        if token.text in "]}":
            return
        if token.text == ",":
            is_next = True
        elif is_next and token.text != "\n":
            is_next = False
            if first.text == "[":
                item = node.children[len(node.children)] = LineMap(token.line)
                _read_value(token, tokens, item)
            else:
                inner = _descend(node, [token, *_until("=", tokens)])
                _read_value(next(tokens), tokens, inner)
