"""The text of a config as a source of values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ._formats import map_lines
from ._line_map import LineMap
from ._provenance import Site


class SourceText:
    """The text of a config, in which the line of a value is looked up when it is asked for.

    Args:
        name: The file that held it.
        text: The text.
        suffix: Its format.
        is_code: Whether it ran, or is trusted as if it were code; otherwise it is data.
        keys: The keys with placeholders in them, as they are in the text, and what they became.
    """

    def __init__(
        self,
        name: str,
        text: str,
        suffix: str,
        is_code: bool,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.is_code = is_code
        self._text = text
        self._suffix = suffix
        self._keys = {} if keys is None else keys

    @cached_property
    def _lines(self) -> LineMap:
        lines = map_lines(self._text, self._suffix)
        lines.rename(self._keys)
        return lines

    def at(self, path: str) -> Site:
        """Return the line of the value of a dotted path."""
        return Site(self.name, self._lines.find(path.split(".") if path else ()) or None)

    def __reduce__(self) -> tuple[type[SourceText], tuple[str, str, str, bool, Mapping[str, str]]]:
        return type(self), (self.name, self._text, self._suffix, self.is_code, self._keys)
