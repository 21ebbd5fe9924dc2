"""Where a run stands."""

from __future__ import annotations

from typing import Any, cast

from torch.utils.data import DataLoader

from engine.dist import get_rank, get_world_size
from engine.evaluator import Evaluator
from engine.model import unwrapped


class Standing:
    """What a runner tells of where it stands, and of the parts that it has built."""

    model: Any
    train_loop: Any = None
    val_loop: Any = None
    test_loop: Any = None

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
        """Return whether a part of the run counts epochs; else it counts iterations.

        Args:
            by_epoch: What was said; None takes what the training loop counts.
            owner: The part, for the error.

        Raises:
            ValueError: If it was said to count epochs, and the loop counts iterations.
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
        """The training data, once the training was begun.

        Raises:
            RuntimeError: Before that, as for the data and metrics of all phases.
        """
        return cast("DataLoader[Any]", _built(self.train_loop, "train", "dataloader"))

    @property
    def val_dataloader(self) -> DataLoader[Any]:
        """The validation data, once a validation was begun."""
        return cast("DataLoader[Any]", _built(self.val_loop, "val", "dataloader"))

    @property
    def test_dataloader(self) -> DataLoader[Any]:
        """The test data, once the test was begun."""
        return cast("DataLoader[Any]", _built(self.test_loop, "test", "dataloader"))

    @property
    def val_evaluator(self) -> Evaluator:
        """The metrics of the validation, once one was begun."""
        return cast("Evaluator", _built(self.val_loop, "val", "evaluator"))

    @property
    def test_evaluator(self) -> Evaluator:
        """The metrics of the test, once it was begun."""
        return cast("Evaluator", _built(self.test_loop, "test", "evaluator"))

    @property
    def val_interval(self) -> int:
        """How many epochs or iterations lie between two validations."""
        return self.train_loop.val_interval if self.train_loop is not None else 1

    @property
    def val_begin(self) -> int:
        """The epoch or iteration after which the first validation comes."""
        return self.train_loop.val_begin if self.train_loop is not None else 1

    @property
    def model_name(self) -> str:
        """The name of the class of the model."""
        return type(unwrapped(self.model)).__name__

    @property
    def rank(self) -> int:
        """The number of this process."""
        return get_rank()

    @property
    def world_size(self) -> int:
        """The number of processes."""
        return get_world_size()

    @property
    def distributed(self) -> bool:
        """Whether several processes work together."""
        return self.world_size > 1


def _built(loop: Any, mode: str, part: str) -> Any:
    if loop is None:
        by = "train() builds" if mode == "train" else f"{mode}() builds"
        also = ", and train() does" if mode == "val" else ""
        raise RuntimeError(f"{mode}_{part} is not built yet: runner.{by} it{also}")
    return getattr(loop, part)
