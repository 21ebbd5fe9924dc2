"""What a registry asks of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, overload


class Source(Protocol):
    """What a registry asks of a source; a registry is one as well."""

    @overload
    def get(self, key: str, /) -> Any: ...
    @overload
    def get(self, key: str, default: Any, /) -> Any: ...
    def get(self, *args: Any) -> Any:
        """Return what a name stands for, or the default.

        Raises:
            NotRegisteredError: If there is no such name and no default.
        """

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""

    def __contains__(self, key: object, /) -> bool:
        """Return whether there is such a name."""
