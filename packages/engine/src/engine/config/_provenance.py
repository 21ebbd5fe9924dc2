"""Records of where the values of a config come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ._limits import format_value
from ._to_plain import to_plain


class Site(NamedTuple):
    """A place where a value was set.

    Attributes:
        name: A file, or the option of a command line.
        line: The line in the file, if it is known.
    """

    name: str
    line: int | None = None

    def at(self, path: str) -> Site:
        """Return this place, which is the same for all values that were set there."""
        return self

    def __str__(self) -> str:
        return self.name if self.line is None else f"{self.name}:{self.line}"


class Source(Protocol):
    """A file, or another place, where several values come from."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        ...

    def at(self, path: str) -> Site:
        """Return where the value of the dotted `path` was set."""
        ...


class Origin(NamedTuple):
    """The source of a value, and the value that it replaced.

    Attributes:
        source: Where the value comes from.
        path: Its path there.
        before: The value that was there before; None if there was none.
        former: The origin of that one; None if there was none.
    """

    source: Source | None
    path: str
    before: Any = None
    former: Origin | None = None

    @property
    def site(self) -> Site | None:
        """The place in the source."""
        return None if self.source is None else self.source.at(self.path)


@dataclass(frozen=True)
class Provenance:
    """Where a value comes from.

    Attributes:
        path: Its path in the config: `'model.backbone.depth'`.
        value: The value.
        site: Where it was set; None if that is unknown, as for a dictionary that no config holds.
        overrode: The provenance of the value that it replaced, if there was one.
    """

    path: str
    value: Any
    site: Site | None
    overrode: Provenance | None = None

    @classmethod
    def of(cls, path: str, value: Any, origin: Origin) -> Provenance:
        """Return the provenance of a value by its origin."""
        former = None if origin.former is None else cls.of(path, origin.before, origin.former)
        return cls(path, value, origin.site, former)

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
            "value": to_plain(self.value),
            "site": None if self.site is None else str(self.site),
            "overrode": None if self.overrode is None else self.overrode.to_dict(),
        }

    def __str__(self) -> str:
        """Return one line, such as `model.depth = 50 (x.py:3), overrode 18 (base.py:7)`."""
        steps = [
            f"{format_value(each.value)} ({each.site or 'somewhere'})" for each in self.history()
        ]
        return f"{self.path} = {', overrode '.join(steps)}"
