"""On which lines of a text the values of a config stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ._limits import index_of


class Lines:
    """The line of a value, and those of the values in it.

    Attributes:
        line: The line, counted from 1, on which the key of the value stands, or the value itself.
        children: The same of its items, by key; those of a list by index.
    """

    __slots__ = ("children", "line")

    def __init__(self, line: int, children: dict[str | int, Lines] | None = None) -> None:
        self.line = line
        self.children = {} if children is None else children

    def find(self, path: Iterable[str]) -> int:
        """Return the line of what stands at `path`, or of what is known to hold it.

        Args:
            path: Keys from here on; a number in a list is a text as well.
        """
        return self._find([*path]).line

    def rename(self, names: Mapping[str, str]) -> None:
        """Change keys: those that have words in them, which stand for others.

        Args:
            names: What a key is to become.
        """
        todo = [self] if names else []
        while todo:
            lines = todo.pop()
            children = lines.children
            lines.children = {names.get(str(key), key): children[key] for key in children}
            todo += lines.children.values()

    def _find(self, keys: list[str]) -> Lines:
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
