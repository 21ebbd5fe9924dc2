"""What is explained of an output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from engine.utils import did_you_mean


class Explained(NamedTuple):
    """The part of an output of a model that is to be explained.

    Attributes:
        name: What it is, the name of a class for example.
        score: Returns it as a number from the output of the model for one image, without the
            dimension of the batch.
    """

    name: str
    score: Callable[[Tensor], Tensor]


def index_of(name: str, classes: Sequence[str]) -> int:
    """Return the index of a class.

    Args:
        name: Its name.
        classes: The names of all classes.

    Raises:
        ValueError: If there is no such class.
    """
    names = [str(each) for each in classes]
    if name not in names:
        raise ValueError(f"there is no class {name!r}{did_you_mean(name, names)}")
    return names.index(name)
