"""Progress of a run."""

from __future__ import annotations

from typing import Any, cast

from torch.utils.data import DataLoader

from engine.dist import get_rank, get_world_size
from engine.evaluator import Evaluator


class RunProgress:
    """The loops of a run: what they have done, and the data and metrics that they have.

    Attributes:
        train_loop: The training loop, once it is built.
        val_loop: The validation loop, once it is built.
        test_loop: The test loop, once it is built.
    """

    def __init__(self) -> None:
        self.train_loop: Any = None
        self.val_loop: Any = None
        self.test_loop: Any = None

    @property
    def epoch(self) -> int:
        """The epochs done so far."""
        return self.train_loop.epoch if self.train_loop is not None else 0

    @property
    def iter(self) -> int:
        """The iterations done so far."""
        return self.train_loop.iter if self.train_loop is not None else 0

    @property
    def max_epochs(self) -> int:
        """The epochs in all."""
        return self.train_loop.max_epochs if self.train_loop is not None else 1

    @property
    def max_iters(self) -> int:
        """The iterations in all."""
        return self.train_loop.max_iters if self.train_loop is not None else 1

    def counts_epochs(self, by_epoch: bool | None = None, owner: str = "") -> bool:
        """Return whether a part of the run counts epochs; otherwise it counts iterations.

        Args:
            by_epoch: What the config says; None means what the training loop counts.
            owner: The part, for the error.

        Raises:
            ValueError: If it is to count epochs, and the loop counts iterations.
        """
        if getattr(self.train_loop, "by_epoch", True):
            return by_epoch is not False
        if by_epoch:
            raise ValueError(
                f"{owner} is set to count epochs, but the training counts iterations (max_iters): "
                "leave out by_epoch=True, and give intervals and times in iterations"
            )
        return False

    @property
    def train_dataloader(self) -> DataLoader[Any]:
        """The training data.

        Raises:
            RuntimeError: If they are not built yet, as for the data and metrics of all loops.
        """
        return cast("DataLoader[Any]", _part_of(self.train_loop, "train", "dataloader"))

    @property
    def val_dataloader(self) -> DataLoader[Any]:
        """The validation data."""
        return cast("DataLoader[Any]", _part_of(self.val_loop, "val", "dataloader"))

    @property
    def test_dataloader(self) -> DataLoader[Any]:
        """The test data."""
        return cast("DataLoader[Any]", _part_of(self.test_loop, "test", "dataloader"))

    @property
    def val_evaluator(self) -> Evaluator:
        """The metrics of the validation."""
        return cast("Evaluator", _part_of(self.val_loop, "val", "evaluator"))

    @property
    def test_evaluator(self) -> Evaluator:
        """The metrics of the test."""
        return cast("Evaluator", _part_of(self.test_loop, "test", "evaluator"))

    @property
    def val_interval(self) -> int:
        """The epochs or iterations from one validation to the next."""
        return self.train_loop.val_interval if self.train_loop is not None else 1

    @property
    def val_begin(self) -> int:
        """The epoch or iteration after which the first validation comes."""
        return self.train_loop.val_begin if self.train_loop is not None else 1

    @property
    def rank(self) -> int:
        """The rank of this process."""
        return get_rank()

    @property
    def world_size(self) -> int:
        """The number of processes."""
        return get_world_size()

    @property
    def distributed(self) -> bool:
        """Whether several processes work together."""
        return self.world_size > 1


def _part_of(loop: Any, mode: str, part: str) -> Any:
    if loop is None:
        by = "train() builds" if mode == "train" else f"{mode}() builds"
        also = ", and train() does" if mode == "val" else ""
        raise RuntimeError(f"{mode}_{part} is not built yet: runner.{by} it{also}")
    return getattr(loop, part)
