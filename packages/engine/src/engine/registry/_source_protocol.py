"""What a registry asks of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol


class Source(Protocol):
    """What a registry asks of a source; a registry is one as well.

    One that has `get(name)` besides is asked for what a name stands for.
    """

    def build(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Make what a name stands for.

        Raises:
            KeyError: If there is no such name.
        """

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""

    def __contains__(self, key: object, /) -> bool:
        """Return whether there is such a name."""
