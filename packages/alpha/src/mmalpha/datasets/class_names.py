"""Class names of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def checked_classes(classes: Any, owner: str) -> Sequence[str]:
    """Return the names of classes as texts, whatever they were written as.

    Args:
        classes: The names, which may be numbers.
        owner: Whose they are, for errors.

    Raises:
        TypeError: If they are one text, or no list.
        ValueError: If two classes have one name.
    """
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        raise TypeError(f"the classes of {owner} are a list of names; got {classes!r}")
    names = [str(name) for name in classes]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"the classes of {owner} have one name twice: {twice[0]!r}")
    return classes if isinstance(classes, list) and classes == names else tuple(names)
