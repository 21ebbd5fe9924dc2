"""Line numbers of the values of a config in its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ._limits import index_of


class LineMap:
    """The line of a value, and those of the values in it.

    Attributes:
        line: The line of the key of the value, or of the value itself, counted from 1.
        children: The same of its items, by key; those of a list by index.
    """

    __slots__ = ("children", "line")

    def __init__(self, line: int, children: dict[str | int, LineMap] | None = None) -> None:
        self.line = line
        self.children = {} if children is None else children

    def find(self, path: Iterable[str]) -> int:
        """Return the line of the value at `path`, or of the innermost known value around it.

        Args:
            path: Keys from here on; indices as strings.
        """
        return self._find([*path]).line

    def rename(self, names: Mapping[str, str]) -> None:
        """Rename keys that have placeholders in them.

        Args:
            names: The new names by the old ones.
        """
        todo = [self] if names else []
        while todo:
            lines = todo.pop()
            children = lines.children
            lines.children = {names.get(str(key), key): children[key] for key in children}
            todo += lines.children.values()

    def _find(self, keys: list[str]) -> LineMap:
        best = self
        for count in range(1, len(keys) + 1):  # a key may have dots in it
            wanted = ".".join(keys[:count])
            child = self.children.get(wanted)
            if child is None and (index := index_of(wanted)) is not None:
                child = self.children.get(index)
            if child is not None:
                best = child._find(keys[count:])
                break
        return best
