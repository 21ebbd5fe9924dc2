"""Size of the data, of a step and of the world, which a resume compares."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.dist import get_dist_info, get_world_size


class Extent(NamedTuple):
    """The sizes whose change matters in the middle of a pass.

    Attributes:
        step: How many samples all processes together take in a step.
        size: The number of samples, 0 if it is not known.
        world_size: The number of processes.
    """

    step: int
    size: int
    world_size: int


def extent_of(loader: Any) -> Extent:
    """Return the measures of the data of a loader."""
    batch_size = getattr(loader, "batch_size", None)
    if batch_size is None:
        batch_size = getattr(getattr(loader, "batch_sampler", None), "batch_size", None)
    try:
        size = len(getattr(loader, "dataset", ()))
    except TypeError:
        size = 0
    world_size = get_world_size()
    return Extent((batch_size or 1) * world_size, size, world_size)


def own_seed(seed: int, number: int) -> int:
    """Return a seed that differs from pass to pass and from process to process."""
    rank, world_size = get_dist_info()
    return (seed + number) * world_size + rank
