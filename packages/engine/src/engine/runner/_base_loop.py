"""The base class of loops.

A loop is anything with `run()`. It has the runner and a data loader, calls the hooks, and checks
after each step whether the run is to stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, IterableDataset

from engine.dataset import ResumableLoader, length_of, make_resumable
from engine.dist import all_gather_object, all_reduce, get_results_group
from engine.utils import check_types

from ._build import build_dataloader

if TYPE_CHECKING:
    from ._runner import Runner

Loader = DataLoader[Any] | Mapping[str, Any]

_END = object()


class BaseLoop:
    """The base class of loops.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config.
        exact_resume: Whether it is an error to go on in the middle of a pass over data that can't
            go on exactly; otherwise the pass begins anew.

    Attributes:
        runner: The runner.
        dataloader: The data loader.
        exact_resume: As given.
        resumable_loader: Its batches, which are the same when a run is resumed.
    """

    @check_types
    def __init__(self, runner: Runner, dataloader: Loader, exact_resume: bool = True) -> None:
        self.runner = runner
        self.dataloader: DataLoader[Any] = build_dataloader(dataloader, runner.seed)
        self.exact_resume = exact_resume
        self.resumable_loader: ResumableLoader = make_resumable(
            self.dataloader, runner.seed, exact_resume
        )

    def _lengths(self) -> list[int | None]:
        """Return the number of batches of each process in a pass, None if it is not known."""
        return all_gather_object(self.resumable_loader.left(0))

    @property
    def _is_stream(self) -> bool:
        """Whether the number of batches is not known before, or no more than an estimate."""
        is_iterable = isinstance(getattr(self.dataloader, "dataset", None), IterableDataset)
        return is_iterable or length_of(self.dataloader) is None

    def run(self) -> Any:
        """Do what the loop is for; a subclass writes it."""
        raise TypeError(f"{type(self).__name__} has no run()")

    def batches(self, number: int = 0, start: int = 0) -> Iterator[Any]:
        """Yield the batches of a pass over the data.

        Args:
            number: The number of the pass.
            start: How many batches to leave out; they are not read.
        """
        yield from self._read(self.resumable_loader.one_pass(number, start))

    def _together(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Yield batches as long as each process has one: none would wait for those of another."""
        group = get_results_group()  # in main memory: the device is not waited for
        while True:
            batch = next(batches, _END)
            has_one = torch.tensor(batch is not _END, dtype=torch.uint8)
            all_reduce(has_one, "min", group)
            if not has_one:
                return
            yield batch

    def _read(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Yield batches; where a signal breaks the reading off, stop as after a step.

        A worker dies of the signal, for example.
        """
        try:
            yield from batches
        except RuntimeError:
            self.runner.stop.check_alone()
            raise
