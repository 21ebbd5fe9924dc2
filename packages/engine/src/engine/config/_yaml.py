"""YAML: its text becomes data and nothing else.

A text is read event by event. So no function calls itself for what is nested, which could crash the
interpreter in PyYAML's parser of C, and what an alias stands for is counted before it is used.
"""

from __future__ import annotations

import re
from typing import Any

from ._errors import ConfigError
from ._limits import (
    SCHEMA,
    check_count,
    check_depth,
    check_string,
    check_text,
    line_of,
    mistake,
    short,
    too_large,
    twice,
)
from ._line_map import Lines
from ._yaml_text import dumps, resolve

__all__ = ["dumps", "lines", "parse"]

_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_KEY: Any = object()
_MERGE: Any = object()


def parse(text: str, filename: str) -> dict[str, Any]:
    """Return the values that a text describes.

    Args:
        text: YAML: one document, which is a mapping. Tags are not allowed.
        filename: What errors call it.

    Raises:
        ConfigError: If it is none, has a key twice, or passes a limit; it says the line.
    """
    root = _read(text, filename)
    values = None if root is None else root.value
    if root is None or values is None:
        return {}
    if not isinstance(values, dict):
        raise mistake(filename, root.lines.line, f"a config is a mapping; this is {short(values)}")
    for key in values:
        if not isinstance(key, str):
            line = root.lines.children[key].line
            raise mistake(filename, line, f"the keys of a config are strings; got {key!r}")
    values.pop(SCHEMA, None)
    return values


def lines(text: str) -> Lines:
    """Return the lines of the keys and items of a text that `parse` takes."""
    root = _read(text, "")
    return Lines(0, None if root is None else root.lines.children)


def _read(text: str, filename: str) -> _Node | None:
    import yaml  # deferred: most configs are Python

    check_text(text, filename)
    if found := _UNPRINTABLE.search(text):
        line = line_of(text, found.start())
        raise mistake(filename, line, f"a text has no character {found[0]!r}; in quotes, escape it")
    reader = _Reader(filename)
    takes: dict[type[Any], Any] = {
        yaml.DocumentStartEvent: reader.begin_document,
        yaml.MappingStartEvent: reader.begin_mapping,
        yaml.SequenceStartEvent: reader.begin_list,
        yaml.MappingEndEvent: reader.end,
        yaml.SequenceEndEvent: reader.end,
        yaml.ScalarEvent: reader.scalar,
        yaml.AliasEvent: reader.alias,
    }
    line = 1
    try:
        event: Any  # the stubs know no event that has all marks
        for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            line = event.start_mark.line + 1
            if type(event) in takes:
                takes[type(event)](event, line)
    except ConfigError:
        raise
    except yaml.MarkedYAMLError as error:
        raise mistake(filename, *_explained(error, line)) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # such as of an escape
        raise mistake(filename, line, str(error)) from error
    return reader.root


def _explained(error: Any, line: int) -> tuple[int, str]:
    """Return the line and the text of an error of the parser."""
    what, around = error.problem or "this is no YAML", error.context_mark
    if error.problem_mark is not None:
        line = error.problem_mark.line + 1
    if error.context and around is not None:
        what += f" {error.context} that begins on line {around.line + 1}"
    return line, what


class _Node:
    """A value of the text.

    Attributes:
        value: The value.
        lines: Its lines.
        count: How many values it is, itself included; while it is open, how many there were before.
        height: How many dictionaries and lists are around its innermost value.
        is_open: Whether its end has not come yet.
        key: The key of a mapping whose value comes next.
        seen: The lines of the keys so far.
        merged: What `<<` puts into a mapping.
    """

    __slots__ = ("count", "height", "is_open", "key", "lines", "merged", "seen", "value")

    def __init__(self, value: Any, line: int, count: int = 1) -> None:
        self.value = value
        self.lines = Lines(line)
        self.count = count
        self.height = 0
        self.is_open = False
        self.key = _NO_KEY
        self.seen: dict[Any, int] = {}
        self.merged: _Node | None = None


class _Reader:
    """Makes values of events.

    Args:
        filename: What errors call the text.
    """

    def __init__(self, filename: str) -> None:
        self.root: _Node | None = None
        self._filename = filename
        self._open: list[_Node] = []
        self._anchors: dict[str, _Node] = {}
        self._count = 0

    def begin_document(self, event: Any, line: int) -> None:
        if self.root is not None:
            raise self._mistake(line, "a config is one document; this begins another")

    def begin_mapping(self, event: Any, line: int) -> None:
        self._begin({}, event, line)

    def begin_list(self, event: Any, line: int) -> None:
        self._begin([], event, line)

    def end(self, event: Any, line: int) -> None:
        node = self._open.pop()
        node.is_open = False
        node.count = self._count - node.count
        if node.merged is not None:
            self._merge(node, node.merged)
        self._put(node, node.lines.line)

    def scalar(self, event: Any, line: int) -> None:
        self._refuse_tag(event, line)
        value = event.value
        is_plain = event.implicit[0]
        if not is_plain:
            check_string(value, self._filename, line)
        elif value == "<<" and self._wants_key():
            value = _MERGE
        else:
            value = self._resolved(value, line)
        if not self._wants_key():
            self._add(1, line)
        node = _Node(value, line)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._put(node, line)

    def alias(self, event: Any, line: int) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise self._mistake(
                line, f"the alias *{event.anchor} has no anchor &{event.anchor} above it"
            )
        if node.is_open:
            raise self._mistake(line, f"the alias *{event.anchor} is within what it stands for")
        check_depth(len(self._open) + node.height, self._filename, line)
        if not self._wants_key():
            self._add(node.count, line)
        self._put(node, line)

    def _begin(self, value: Any, event: Any, line: int) -> None:
        self._refuse_tag(event, line)
        if self._wants_key():
            raise self._mistake(line, "a key is a word, and no mapping or list")
        node = _Node(value, line, self._count)
        node.is_open, node.height = True, 1
        self._add(1, line)
        self._open.append(node)
        check_depth(len(self._open), self._filename, line)
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _wants_key(self) -> bool:
        """Return whether a key of a mapping comes next."""
        return bool(self._open) and self._open[-1].key is _NO_KEY and self._in_mapping()

    def _in_mapping(self) -> bool:
        return isinstance(self._open[-1].value, dict)

    def _put(self, node: _Node, line: int) -> None:
        """Put a value, or a key, into what it stands in."""
        if not self._open:
            self.root = node
            return
        holder = self._open[-1]
        if isinstance(holder.value, list):
            holder.lines.children[len(holder.value)] = Lines(line, node.lines.children)
            holder.value.append(node.value)
        elif holder.key is _NO_KEY:
            self._put_key(holder, node.value, line)
            return
        elif holder.key is _MERGE:
            holder.merged, holder.key = node, _NO_KEY
        else:
            line = holder.seen[holder.key]
            holder.lines.children[holder.key] = Lines(line, node.lines.children)
            holder.value[holder.key] = node.value
            holder.key = _NO_KEY
        holder.height = max(holder.height, node.height + 1)

    def _put_key(self, holder: _Node, key: Any, line: int) -> None:
        if key is not _MERGE and (isinstance(key, bool) or not isinstance(key, (str, int))):
            raise self._mistake(
                line, f"the keys of a config are strings; this is {short(key)} unless put in quotes"
            )
        if key in holder.seen:
            name = "<<" if key is _MERGE else key
            raise twice(name, holder.seen[key], self._filename, line)
        holder.key, holder.seen[key] = key, line

    def _merge(self, node: _Node, merged: _Node) -> None:
        """Put what `<<` names below the keys of a mapping; of several, the first wins."""
        line = node.seen[_MERGE]
        sources, places = [merged.value], [merged.lines]
        if isinstance(merged.value, list):
            sources = merged.value
            places = [merged.lines.children[index] for index in range(len(sources))]
        values: dict[str | int, Any] = {}
        children: dict[str | int, Lines] = {}
        for source, place in zip(reversed(sources), reversed(places), strict=True):
            if not isinstance(source, dict):
                raise self._mistake(line, f"<< puts mappings in; this is {short(source)}")
            values.update(source)
            children.update(place.children)
        node.value = values | node.value
        node.lines.children = children | node.lines.children

    def _resolved(self, word: str, line: int) -> Any:
        try:
            return resolve(word)
        except OverflowError:
            raise too_large(self._filename, line) from None

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._mistake(line, f"a text config is data; tags are not allowed; got {tag}")

    def _add(self, count: int, line: int) -> None:
        self._count += count
        check_count(self._count, self._filename, line)

    def _mistake(self, line: int, what: str) -> ConfigError:
        return mistake(self._filename, line, what)
