"""YAML: its text becomes data and nothing else.

The events of the parser are read one by one, and each limit is checked before anything grows: the
depth before the reader calls itself, and the values of an alias before it is used. PyYAML's own
composer checks neither, and refuses to define an anchor twice, which YAML allows.

A plain scalar has its meaning in PyYAML, with two exceptions: `1e-3` is a number, as in YAML 1.2;
dates (`2026-01-01`) and sexagesimal numbers (`12:30`) are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from ._errors import ConfigError
from ._limits import (
    MAX_DIGITS,
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
    is_too_large,
    line_of,
    max_digits,
    too_many_digits_error,
)
from ._line_map import LineMap

_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MERGE: Any = object()
"""The key `<<`."""

_CONSTANTS: dict[str, Any] = {
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

_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WIDTH = 80
_NO_LIMIT = 2**31 - 1  # columns: a line is never folded
_PLAIN = re.compile(r"[A-Za-z_/](?:[A-Za-z0-9_./+ -]*[A-Za-z0-9_./+-])?")


def parse(text: str, filename: str) -> dict[str, Any]:
    """Return the values of a text.

    Args:
        text: YAML: one document, which is a mapping. Tags are not allowed.
        filename: The name of the text in errors.

    Raises:
        ConfigError: If it is malformed, has a key twice, or exceeds a limit; it names the line.
    """
    root = _read(text, filename)
    values = root.value
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise config_error(
            filename, root.lines.line, f"a config is a mapping; this is {format_short(values)}"
        )
    for key in values:
        if not isinstance(key, str):
            line = root.lines.children[key].line
            raise config_error(filename, line, f"the keys of a config are strings; got {key!r}")
    values.pop(SCHEMA, None)
    return values


def map_lines(text: str) -> LineMap:
    """Return the lines of the keys and items of a text that `parse` accepts."""
    return LineMap(0, _read(text, "").lines.children)


class _Dumper(_SafeDumper):  # type: ignore[misc]  # one of two classes
    """Writes short lists without dictionaries on one line, and all else in blocks."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_sequence(self, tag: str, sequence: list[Any], flow_style: Any = None) -> Any:
        return super().represent_sequence(tag, sequence, flow_style=_fits_on_a_line(sequence))

    def represent_str(self, data: str) -> Any:
        is_plain = _PLAIN.fullmatch(data) and data not in _CONSTANTS
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="" if is_plain else '"')


def _fits_on_a_line(sequence: list[Any]) -> bool:
    if 3 * len(sequence) > _WIDTH:
        return False
    text = repr(sequence)  # about what YAML makes of it
    return len(text) <= _WIDTH and "{" not in text


_Dumper.add_representer(str, _Dumper.represent_str)


def dumps(values: dict[str, Any]) -> str:
    """Return the text of a config.

    Raises:
        ConfigError: If YAML can't hold a value; it names the path of the value.
    """
    check_values(values, "YAML", int_keys=True)
    text: str = yaml.dump(
        values,
        Dumper=_Dumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=_NO_LIMIT,
    )
    text = text.replace("{{", "{\\x7b")  # in quotes; `{{ ... }}` would be substituted
    check_written(text, "YAML")
    return text


def _resolve(word: str) -> Any:
    """Return the value of a plain scalar.

    Raises:
        OverflowError: If it is an integer with too many digits.
    """
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if word[0] not in "+-.0123456789":
        return word
    if _INTEGER.fullmatch(word):
        return _to_integer(word.replace("_", ""))
    if _FLOAT.fullmatch(word):
        return float(word.replace("_", ""))
    return word


def _to_integer(word: str) -> int:
    digits = word.lstrip("+-")
    is_decimal = digits[0] != "0"
    if len(digits) > (max_digits() if is_decimal else _MOST_DIGITS):
        raise OverflowError(word)
    is_octal = not is_decimal and digits.isdecimal()
    value = int(digits, 8 if is_octal else 0)
    if is_too_large(value):
        raise OverflowError(word)
    return -value if word.startswith("-") else value


class _Node:
    """A value of the text.

    Attributes:
        value: The value.
        lines: Its lines.
        count: The number of values in it, itself included; 0 until its end was read.
        height: How many dictionaries and lists are around its innermost value.
    """

    __slots__ = ("count", "height", "lines", "value")

    def __init__(self, value: Any, line: int, count: int = 0, height: int = 0) -> None:
        self.value = value
        self.lines = LineMap(line)
        self.count = count
        self.height = height


def _read(text: str, filename: str) -> _Node:
    """Return the value of a text with its lines; the value is None if there is no document."""
    check_text(text, filename)
    if found := _UNPRINTABLE.search(text):
        line = line_of(text, found.start())
        raise config_error(
            filename, line, f"a text has no character {found[0]!r}; in quotes, escape it"
        )
    events = yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    reader = _Reader(events, filename)
    try:
        return reader.read_document()
    except ConfigError:
        raise
    except yaml.MarkedYAMLError as error:
        raise config_error(filename, *_explain(error, reader.line)) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # such as of an escape
        raise config_error(filename, reader.line, str(error)) from error
    except RecursionError as error:
        raise config_error(filename, 1, "the program is in too deep to read a config") from error


def _explain(error: Any, line: int) -> tuple[int, str]:
    """Return the line and the text of an error of the parser."""
    what, around = error.problem or "this is no YAML", error.context_mark
    if error.problem_mark is not None:
        line = error.problem_mark.line + 1
    if error.context and around is not None:
        what += f" {error.context} that begins on line {around.line + 1}"
    return line, what


class _Reader:
    """Builds values from events.

    Args:
        events: The events of the parser.
        filename: The name of the text in errors.

    Attributes:
        line: The line of the newest event.
    """

    def __init__(self, events: Iterator[Any], filename: str) -> None:
        self.line = 1
        self._events = events
        self._filename = filename
        self._anchors: dict[str, _Node] = {}
        self._count = 0
        self._depth = 0

    def read_document(self) -> _Node:
        root = None
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self._error("a config is one document; this begins another")
                root = self._read_value(self._next())
        return root or _Node(None, 1)

    def _next(self) -> Any:
        event = next(self._events)
        self.line = event.start_mark.line + 1
        return event

    def _read_value(self, event: Any) -> _Node:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            node = self._read_scalar(event)
            self._add(1)
            return node
        if kind is yaml.AliasEvent:
            node = self._read_alias(event)
            self._add(node.count)
            return node
        self._refuse_tag(event)
        is_mapping = kind is yaml.MappingStartEvent
        node = _Node({} if is_mapping else [], self.line, height=1)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        before = self._count
        self._add(1)
        self._depth += 1
        check_depth(self._depth, self._filename, self.line)
        if is_mapping:
            self._read_mapping(node)
        else:
            self._read_list(node)
        self._depth -= 1
        node.count = self._count - before
        return node

    def _read_scalar(self, event: Any) -> _Node:
        self._refuse_tag(event)
        value = event.value
        if event.implicit[0]:
            try:
                value = _resolve(value)
            except OverflowError:
                raise too_many_digits_error(self._filename, self.line) from None
        else:
            check_string(value, self._filename, self.line)
        node = _Node(value, self.line, count=1)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _read_alias(self, event: Any) -> _Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise self._error(f"the alias *{event.anchor} has no anchor &{event.anchor} above it")
        if not node.count:
            raise self._error(f"the alias *{event.anchor} is within its own anchor")
        check_depth(self._depth + node.height, self._filename, self.line)
        return node

    def _read_list(self, node: _Node) -> None:
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            line = self.line
            item = self._read_value(event)
            node.lines.children[len(node.value)] = LineMap(line, item.lines.children)
            node.value.append(item.value)
            node.height = max(node.height, item.height + 1)

    def _read_mapping(self, node: _Node) -> None:
        seen: dict[Any, int] = {}
        merged = None
        while type(event := self._next()) is not yaml.MappingEndEvent:
            line = self.line
            key = self._read_key(event)
            if key in seen:
                name = "<<" if key is _MERGE else key
                raise duplicate_key_error(name, seen[key], self._filename, line)
            seen[key] = line
            value = self._read_value(self._next())
            node.height = max(node.height, value.height + 1)
            if key is _MERGE:
                merged = value
            else:
                node.value[key] = value.value
                node.lines.children[key] = LineMap(line, value.lines.children)
        if merged is not None:
            self._merge(node, merged, seen[_MERGE])

    def _read_key(self, event: Any) -> Any:
        if isinstance(event, yaml.AliasEvent):
            key = self._read_alias(event).value
        elif isinstance(event, yaml.ScalarEvent):
            key = self._read_scalar(event).value
            if key == "<<" and event.implicit[0]:
                return _MERGE
        else:
            self._refuse_tag(event)
            raise self._error("a key must be a scalar; got a mapping or a list")
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            what = f"this is {format_short(key)} unless put in quotes"
            raise self._error(f"the keys of a config are strings; {what}")
        return key

    def _merge(self, node: _Node, merged: _Node, line: int) -> None:
        """Put the mappings of `<<` below the keys of a mapping; of several, the first wins."""
        sources, places = [merged.value], [merged.lines]
        if isinstance(merged.value, list):
            sources = merged.value
            places = [merged.lines.children[index] for index in range(len(sources))]
        values: dict[str | int, Any] = {}
        children: dict[str | int, LineMap] = {}
        for source, place in zip(reversed(sources), reversed(places), strict=True):
            if not isinstance(source, dict):
                what = f"<< must be a mapping or a list of mappings; got {format_short(source)}"
                raise config_error(self._filename, line, what)
            values.update(source)
            children.update(place.children)
        node.value = values | node.value
        node.lines.children = children | node.lines.children

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._error(f"a text config is data; tags are not allowed; got {tag}")

    def _add(self, count: int) -> None:
        self._count += count
        check_count(self._count, self._filename, self.line)

    def _error(self, what: str) -> ConfigError:
        return config_error(self._filename, self.line, what)
