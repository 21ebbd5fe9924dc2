"""The training loops: by epochs and by iterations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from torch import nn

from engine.dataset import InfiniteSampler
from engine.registry import LOOPS

from ._base_loop import BaseLoop, Loader
from ._seed import random_state, restore_random_state
from ._stop import TrainingInterrupted

if TYPE_CHECKING:
    from ._runner import Runner


class BaseTrainLoop(BaseLoop):
    """What the training loops share: their position, a step, and when they validate.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config.
        val_begin: After how many epochs or iterations the first validation comes.
        val_interval: How many lie between two validations.
        dynamic_intervals: Other such numbers for later.
        exact_resume: As in `BaseLoop`.

    Attributes:
        stop_training: Whether the training is to end after the present epoch or iteration; a hook
            may set it.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Loader,
        val_begin: int = 1,
        val_interval: int = 1,
        dynamic_intervals: Sequence[tuple[int, int]] | None = None,
        exact_resume: bool = True,
    ) -> None:
        super().__init__(runner, dataloader, exact_resume)
        self.val_begin = val_begin
        self.val_interval = val_interval
        self._later_intervals = _checked_intervals(dynamic_intervals or ())
        self.stop_training = False
        self._epoch = 0
        self._iter = 0
        self._validated = 0

    @property
    def epoch(self) -> int:
        """The epochs done so far."""
        return self._epoch

    @property
    def iter(self) -> int:
        """The iterations done so far."""
        return self._iter

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Train on one batch.

        Args:
            idx: Its number in the epoch.
            data_batch: The batch.
        """
        runner = self.runner
        runner.call_hook("before_train_iter", batch_idx=idx, data_batch=data_batch)
        outputs = runner.model.train_step(data_batch, optim_wrapper=runner.optim_wrapper)
        runner.call_hook("after_train_iter", batch_idx=idx, data_batch=data_batch, outputs=outputs)
        self._iter += 1
        runner.stop.check()

    def state_dict(self) -> dict[str, int]:
        """Return the position, as plain data."""
        return {"epoch": self._epoch, "iter": self._iter, "validated": self._validated}

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Go on from a position that `state_dict` returned."""
        self._epoch, self._iter = state_dict["epoch"], state_dict["iter"]
        self._validated = state_dict.get("validated", 0)

    def _begin(self) -> None:
        self.runner.call_hook("before_train")
        self.runner.restore_randomness()

    def _finish(self) -> nn.Module:
        self.runner.call_hook("after_train")
        return cast("nn.Module", self.runner.model)

    def _validate(self, done: int, total: int) -> None:
        """Validate, if that is due after `done` of `total` and was not done before the resume."""
        runner = self.runner
        for milestone, interval in self._later_intervals:
            if done >= milestone:
                self.val_interval = interval
        due = done >= max(self.val_begin, 1) and (done % self.val_interval == 0 or done == total)
        if runner.val_loop is None or not due or self._validated == done:
            return
        self._validated, state = done, random_state()
        try:
            runner.val_loop.run()
        except TrainingInterrupted:  # the resumed run validates again, from where this one began
            self._validated = 0
            restore_random_state(state)
            raise
        runner.model.train()


@LOOPS.register_module()
class EpochBasedTrainLoop(BaseTrainLoop):
    """Trains for a number of passes over the data.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config.
        max_epochs: The number of passes.
        val_begin: The epoch after which the first validation comes.
        val_interval: How many epochs lie between two validations.
        dynamic_intervals: Other such numbers for later: `[(20, 2), (50, 1)]` validates after every
            second epoch from the twentieth on, and after each from the fiftieth on.
        exact_resume: As in `BaseLoop`.

    Raises:
        ValueError: If the milestones in `dynamic_intervals` do not rise.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Loader,
        max_epochs: int,
        val_begin: int = 1,
        val_interval: int = 1,
        dynamic_intervals: Sequence[tuple[int, int]] | None = None,
        exact_resume: bool = True,
    ) -> None:
        super().__init__(
            runner, dataloader, val_begin, val_interval, dynamic_intervals, exact_resume
        )
        self._max_epochs = max_epochs

    @property
    def max_epochs(self) -> int:
        """The epochs in all."""
        return self._max_epochs

    @property
    def max_iters(self) -> int:
        """The iterations in all."""
        return self._max_epochs * len(self.dataloader)

    def run(self) -> nn.Module:
        """Train, and return the model."""
        self._begin()
        if self._iter == self._epoch * len(self.dataloader):
            self._validate(self._epoch, self._max_epochs)
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._validate(self._epoch, self._max_epochs)
        return self._finish()

    def run_epoch(self) -> None:
        """Train for one pass, or for the rest of one that was interrupted."""
        runner = self.runner
        runner.call_hook("before_train_epoch")
        runner.model.train()
        start = self._iter - self._epoch * len(self.dataloader)
        if start:
            runner.restore_randomness()
        for idx, batch in enumerate(self.batches(self._epoch, start), start):
            self.run_iter(idx, batch)
        runner.call_hook("after_train_epoch")
        self._epoch += 1


@LOOPS.register_module()
class IterBasedTrainLoop(BaseTrainLoop):
    """Trains for a number of iterations.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config; when it ends it begins anew.
        max_iters: The number of iterations.
        val_begin: The iteration after which the first validation comes.
        val_interval: How many iterations lie between two validations.
        dynamic_intervals: Other such numbers for later, as for the `EpochBasedTrainLoop`, in
            iterations.
        exact_resume: As in `BaseLoop`.

    Raises:
        ValueError: If the milestones in `dynamic_intervals` do not rise.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Loader,
        max_iters: int,
        val_begin: int = 1,
        val_interval: int = 1000,
        dynamic_intervals: Sequence[tuple[int, int]] | None = None,
        exact_resume: bool = True,
    ) -> None:
        super().__init__(
            runner, dataloader, val_begin, val_interval, dynamic_intervals, exact_resume
        )
        self._max_iters = max_iters
        self._pass, self._taken = 0, 0

    @property
    def max_epochs(self) -> int:
        """One: the whole training counts as an epoch."""
        return 1

    @property
    def max_iters(self) -> int:
        """The iterations in all."""
        return self._max_iters

    def run(self) -> nn.Module:
        """Train, and return the model."""
        runner = self.runner
        self._begin()
        runner.call_hook("before_train_epoch")
        runner.restore_randomness()
        runner.model.train()
        self._validate(self._iter, self._max_iters)
        endless = self._endless()
        while self._iter < self._max_iters and not self.stop_training:
            self.run_iter(self._iter, next(endless))
            self._validate(self._iter, self._max_iters)
        runner.call_hook("after_train_epoch")
        self._epoch = 1
        return self._finish()

    def state_dict(self) -> dict[str, int]:
        """Return the position in the training and in the present pass over the data."""
        return super().state_dict() | {"pass": self._pass, "taken": self._taken}

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Go on from a position that `state_dict` returned."""
        super().load_state_dict(state_dict)
        if "pass" in state_dict:
            self._pass, self._taken = state_dict["pass"], state_dict["taken"]
        elif isinstance(self.dataloader.sampler, InfiniteSampler):
            self._taken = self._iter
        else:
            self._pass, self._taken = divmod(self._iter, len(self.dataloader))

    def _endless(self) -> Iterator[Any]:
        while True:
            before = self._taken
            for batch in self.batches(self._pass, self._taken):
                self._taken += 1
                yield batch
            if not (before or self._taken):
                raise ValueError("the training data have no batch")
            self._pass, self._taken = self._pass + 1, 0


def _checked_intervals(given: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    pairs = [(int(milestone), int(interval)) for milestone, interval in given]
    milestones = [milestone for milestone, _ in pairs]
    if milestones != sorted(set(milestones)) or any(interval < 1 for _, interval in pairs):
        raise ValueError(
            "dynamic_intervals are pairs of a milestone, each greater than the one before, and an "
            f"interval of at least 1; got {given!r}"
        )
    return pairs
