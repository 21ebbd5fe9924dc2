"""Counts of the labels that a dataset has, for a check of the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class LabelCounts:
    """How often labels occur in some samples of a dataset, or in all.

    Attributes:
        total: How many samples the dataset has.
        seen: How many of them were looked at.
        counts: How often each label occurs.
        faults: For each sample that can't be used, what is wrong with it.
        hint: What to do where a class has no label, if something else was found.
    """

    total: int
    seen: int
    counts: Mapping[int, int] = field(default_factory=dict)
    faults: Sequence[str] = ()
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, which JSON holds."""
        return {**asdict(self), "counts": [*self.counts.items()]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LabelCounts:
        """Return what `to_dict` gave."""
        return cls(**{**data, "counts": dict(data["counts"])})


def count_labels(
    labels_of: Callable[[int], Mapping[int, int]], total: int, most: int | None = None
) -> LabelCounts:
    """Count the labels of a dataset.

    Args:
        labels_of: Gives how often each label occurs in a sample, or a ValueError or OSError if the
            sample can't be used.
        total: How many samples there are.
        most: How many of them are looked at; None means all.
    """
    counts: Counter[int] = Counter()
    faults = []
    indices = spread(total, most)
    for index in indices:
        try:
            counts.update(labels_of(index))
        except (ValueError, OSError) as error:
            faults.append(str(error))
    return LabelCounts(total, len(indices), dict(sorted(counts.items())), faults)


def spread(total: int, most: int | None = None) -> list[int]:
    """Return at most so many indices of a dataset, at equal distances.

    Args:
        total: How many samples there are.
        most: How many indices; None means all.
    """
    if most is None or most >= total:
        return list(range(total))
    return [number * total // most for number in range(most)]


def datasets_within(dataset: Any) -> Iterator[Any]:
    """Yield a dataset, or those that it wraps, at any depth."""
    inner = getattr(dataset, "datasets", None) or getattr(dataset, "dataset", None)
    if inner is None:
        yield dataset
    else:
        for each in inner if isinstance(inner, (list, tuple)) else [inner]:
            yield from datasets_within(each)
