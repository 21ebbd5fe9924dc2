"""Names of files by their suffixes, in any case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from engine.logging import get_logger

IMAGE_SUFFIXES = (
    ".bmp",
    ".gif",
    ".jpeg",
    ".jpg",
    ".npy",
    ".png",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
)
"""How the names of images end that `engine.infer.read_image` reads."""


def as_suffixes(suffixes: str | Sequence[str], owner: str) -> tuple[str, ...]:
    """Return suffixes as a tuple, in small letters, the longest first.

    Args:
        suffixes: One or several.
        owner: Whose they are, for the error.

    Raises:
        ValueError: If there are none, or one is empty.
    """
    given = (suffixes,) if isinstance(suffixes, str) else tuple(suffixes)
    if not given or not all(isinstance(each, str) and each for each in given):
        raise ValueError(f"{owner} is a suffix such as '.png', or several; got {suffixes!r}")
    return tuple(sorted({each.lower() for each in given}, key=lambda each: (-len(each), each)))


def split_suffix(name: str, suffixes: Sequence[str]) -> tuple[str, str] | None:
    """Return a name without its suffix, and the suffix, or None if it has none of those.

    Args:
        name: The name of a file.
        suffixes: As `as_suffixes` returns them; upper and lower case are alike.
    """
    lowered = name.lower()
    for suffix in suffixes:
        if lowered.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], name[-len(suffix) :]
    return None


def count_suffixes(names: Iterable[str]) -> str:
    """Return how many files there are of each suffix, the most frequent first."""
    counts = Counter(PurePosixPath(name).suffix or "without suffix" for name in names)
    shown = [
        f"{count} file{'s' if count > 1 else ''} {suffix}"
        for suffix, count in counts.most_common(3)
    ]
    return ", ".join(shown + (["..."] if len(counts) > 3 else []))


def warn_of_unused(folder: str, unused: Sequence[str], total: int, reason: str) -> None:
    """Warn of files in a folder that a dataset does not use.

    Args:
        folder: The folder.
        unused: The names of the files.
        total: How many files there are.
        reason: Why it does not use them.
    """
    if unused:
        get_logger().warning(
            "%d of %d files in %s are not used: %s (%s); %s",
            len(unused),
            total,
            folder,
            count_suffixes(unused),
            ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else ""),
            reason,
        )
