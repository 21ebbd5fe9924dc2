"""Resumable loading of iterable datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset

from engine.logging import get_logger

from ._extent import Extent, extent_of, own_seed


class StreamLoader:
    """The batches of an iterable dataset, or of a loader with an iteration of its own.

    Nothing is known of what such a stream does. It can go on in the middle of a pass only if the
    loader, or the dataset that the main process reads, has `state_dict` and `load_state_dict`.
    """

    def __init__(self, loader: Any, seed: int, exact: bool) -> None:
        self._loader = loader
        self._seed = seed
        self.extent = extent_of(loader)
        self._is_exact = exact
        self._holder = _with_state(loader)
        self._state: Mapping[str, Any] | None = None

    def one_pass(self, number: int, start: int = 0) -> Iterator[Any]:
        return self.rest(number, start * self.extent.step)

    def rest(self, number: int, taken: int) -> Iterator[Any]:
        if isinstance(self._loader, DataLoader):
            self._loader.generator = torch.Generator().manual_seed(own_seed(self._seed, number))
        if taken:
            self._go_on()
        return iter(self._loader)

    def left(self, taken: int) -> int | None:
        try:
            return max(0, len(self._loader) - taken // self.extent.step)
        except TypeError:  # no length
            return None

    def misfit(self, had: Extent) -> str:
        now = self.extent
        if now.world_size != had.world_size:
            return f"there were {had.world_size} processes and are {now.world_size} now"
        if now.size != had.size:
            return f"the data had {had.size} samples and have {now.size} now"
        if now.step != had.step and self._holder is self._loader:
            name = type(self._loader).__name__
            return f"a step took {had.step} samples and takes {now.step} now, cut by a {name}"
        return ""

    def state_dict(self) -> dict[str, Any]:
        return {} if self._holder is None else {"stream": self._holder.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self._state = state_dict.get("stream")

    def _go_on(self) -> None:
        if self._holder is not None and self._state is not None:
            self._holder.load_state_dict(self._state)
            self._state = None
            return
        data = getattr(self._loader, "dataset", None)
        name = type(data if isinstance(data, IterableDataset) else self._loader).__name__
        reason = (
            f"The training can't go on exactly in the middle of a pass over {name}, which is read "
            "as a stream whose place is not known"
        )
        if self._is_exact:
            raise ValueError(
                f"{reason}. Give the dataset state_dict() and load_state_dict() and read it with "
                "num_workers=0, or use a loader that has them; with "
                "train_cfg=dict(exact_resume=False) the pass begins anew"
            )
        get_logger().warning("%s: it begins anew", reason)


def _with_state(loader: Any) -> Any:
    """Return what knows the place of a stream, or None."""
    candidates = [loader]
    if isinstance(loader, DataLoader) and loader.num_workers == 0:
        candidates.append(loader.dataset)
    for each in candidates:
        if hasattr(each, "state_dict") and hasattr(each, "load_state_dict"):
            return each
    return None
