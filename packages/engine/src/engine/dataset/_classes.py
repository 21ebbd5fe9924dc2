"""Class names that a dataset infers, and those of the training data, which hold for all splits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from engine.logging import get_logger

_TRAINED: ContextVar[Callable[[], Sequence[str] | None]] = ContextVar(
    "classes of the training data", default=lambda: None
)


@contextmanager
def using_classes(classes: Callable[[], Sequence[str] | None]) -> Iterator[None]:
    """Give datasets that infer their classes those of the training data, in a `with` block.

    Args:
        classes: What returns them, asked by the first dataset that needs them; None if they are not
            known.
    """
    token = _TRAINED.set(classes)
    try:
        yield
    finally:
        _TRAINED.reset(token)


def classes_for(found: Iterable[str], owner: str) -> tuple[str, ...]:
    """Return the classes of a dataset that was given none.

    Args:
        found: The names of the classes that its samples have.
        owner: What errors and warnings call the dataset.

    Returns:
        Those of the training data, in a validation or test; otherwise those found, in alphabetical
        order.

    Raises:
        ValueError: If there is a class that the training data do not have.
    """
    there = {str(name) for name in found}
    trained = _TRAINED.get()()
    if trained is None:
        return tuple(sorted(there))
    names = tuple(str(name) for name in trained)
    if new := sorted(there.difference(names)):
        raise ValueError(
            f"{owner} has classes that the training data do not have: {', '.join(new)}; those have "
            f"{_few(names)}"
        )
    if missing := [name for name in names if name not in there]:
        get_logger().warning(
            "%s has no samples of %d of the %d classes of the training data: %s",
            owner,
            len(missing),
            len(names),
            _few(missing),
        )
    return names


def warn_of_other_classes(
    classes: Sequence[str] | None, trained: Sequence[str] | None, split: str
) -> None:
    """Warn if a number means one class in a split, and another in the training data.

    Args:
        classes: The classes of the split, if it has names for them.
        trained: Those of the training data.
        split: What the warning calls the split.
    """
    if classes is None or trained is None:
        return
    pairs = zip(map(str, classes), map(str, trained), strict=False)
    for number, (own, other) in enumerate(pairs):
        if own != other:
            get_logger().warning(
                "Label %d is %r in the %s data and %r in the training data: give both the same "
                "classes, by metainfo=dict(classes=[...])",
                number,
                own,
                split,
                other,
            )
            return


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
