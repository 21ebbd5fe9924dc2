"""Close matches of misspelled names."""

from __future__ import annotations

TYPE_CHECKING = False  # as in _manager.py
if TYPE_CHECKING:
    from collections.abc import Iterable


def close_matches(name: str, names: Iterable[str], n: int = 3) -> list[str]:
    """Return the names most like `name`, best first, without regard to case.

    Args:
        name: What the user wrote.
        names: What would have been right.
        n: How many to return at most.
    """
    import difflib  # deferred: only a failed lookup pays for it

    by_fold: dict[str, list[str]] = {}
    for candidate in names:
        by_fold.setdefault(candidate.casefold(), []).append(candidate)
    matches = difflib.get_close_matches(name.casefold(), by_fold, n=n, cutoff=0.6)
    return [candidate for match in matches for candidate in by_fold[match]][:n]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the closest of `names`, or an empty string."""
    matches = close_matches(name, names, n=1)
    return f"; did you mean {matches[0]!r}?" if matches else ""
