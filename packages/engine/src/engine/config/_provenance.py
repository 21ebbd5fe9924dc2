"""Where the values of a config come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from ._limits import shown
from ._line_map import Lines
from ._to_plain import plain


class Site(NamedTuple):
    """A place where a value was set.

    Attributes:
        name: A file, or the option of a command line.
        line: The line in the file, if there is one and it is known.
    """

    name: str
    line: int | None = None

    def at(self, path: str) -> Site:
        """Return this place, which is the same for all values that were set there."""
        return self

    def __str__(self) -> str:
        return self.name if self.line is None else f"{self.name}:{self.line}"


class Source(Protocol):
    """A place where several values come from."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    def at(self, path: str) -> Site:
        """Return where the value of the dotted `path` was set."""
        ...


class Text:
    """The text of a config; lines are looked for in it when someone asks for one.

    Args:
        name: The file that held it.
        text: The text.
        suffix: Its format.
        is_code: Whether it was run, or is trusted as if it were code; otherwise it is data.
        keys: What keys with words in them have become, by what they are in the text.
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
        self._keys = dict(keys or {})

    @cached_property
    def _lines(self) -> Lines:
        from ._formats import lines  # it imports what reads texts, which need this module

        found = lines(self._text, self._suffix)
        found.rename(self._keys)
        return found

    def at(self, path: str) -> Site:
        """Return the line on which the value of `path` stands."""
        return Site(self.name, self._lines.find(path.split(".") if path else ()) or None)

    def __reduce__(self) -> tuple[type[Text], tuple[str, str, str, bool, dict[str, str]]]:
        return type(self), (self.name, self._text, self._suffix, self.is_code, self._keys)


class Mark(NamedTuple):
    """What set a value, where that is not what made the dictionary around it.

    Attributes:
        source: Where the value comes from.
        at: Its path there.
        before: The value that was there before; None if there was none.
        former: What had set that one; None if there was none.
    """

    source: Source | None
    at: str
    before: Any = None
    former: Mark | None = None

    @property
    def site(self) -> Site | None:
        """The place in the source."""
        return None if self.source is None else self.source.at(self.at)


@dataclass(frozen=True)
class Provenance:
    """Where a value comes from.

    Attributes:
        path: Where it stands in the config: `'model.backbone.depth'`.
        value: The value.
        site: Where it was set; None if nobody knows, as for a dictionary that no config holds.
        overrode: The same of the value that was there before, if there was one.
    """

    path: str
    value: Any
    site: Site | None
    overrode: Provenance | None = None

    @classmethod
    def of(cls, path: str, value: Any, mark: Mark) -> Provenance:
        """Return what a mark tells of a value."""
        former = None if mark.former is None else cls.of(path, mark.before, mark.former)
        return cls(path, value, mark.site, former)

    def history(self) -> Iterator[Provenance]:
        """Yield this and all that it overrode, the newest first."""
        each: Provenance | None = self
        while each is not None:
            yield each
            each = each.overrode

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return {
            "path": self.path,
            "value": plain(self.value),
            "site": None if self.site is None else str(self.site),
            "overrode": None if self.overrode is None else self.overrode.to_dict(),
        }

    def __str__(self) -> str:
        """Return one line, such as `model.depth = 50 (x.py:3), overrode 18 (base.py:7)`."""
        told = [f"{shown(each.value)} ({each.site or 'somewhere'})" for each in self.history()]
        return f"{self.path} = {', overrode '.join(told)}"
