"""The images that a model is most wrong about, of which a bounded number is kept."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from engine.dist import gather_object, get_results_group

from ._report import Tile

Made = tuple[float, int, Tile]


class WorstImages:
    """The images of the highest cost; of equal ones, those that come first in the dataset.

    Args:
        count: How many to keep.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._heap: list[Made] = []  # the least cost first, that of the last index

    def offer(self, cost: float, index: int, make: Callable[[], Tile]) -> None:
        """Keep an image if it is one of the worst so far.

        Args:
            cost: How wrong the model is about it; NaN counts as infinite.
            index: Its place in the dataset.
            make: Makes the image; it is called only where it is kept.
        """
        key = (math.inf if math.isnan(cost) else cost, -index)
        if self.count == 0 or (len(self._heap) == self.count and key <= self._heap[0][:2]):
            return
        put = heapq.heappush if len(self._heap) < self.count else heapq.heapreplace
        put(self._heap, (*key, make()))

    def gather(self) -> list[Tile]:
        """Return the worst images of all processes, the worst first; in the first process only."""
        own: list[tuple[float, int, Any, Mapping[str, Any]]] = [
            (cost, place, torch.from_numpy(tile.pixels), dict(tile.facts))
            for cost, place, tile in self._heap
        ]
        parts = gather_object(own, group=get_results_group())
        together = [each for part in parts or () for each in part]
        worst = heapq.nlargest(self.count, together, key=lambda each: each[:2])
        return [Tile(pixels.numpy(), facts) for _, _, pixels, facts in worst]
