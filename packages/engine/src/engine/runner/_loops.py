"""Loops: what a run does over and over.

A loop is anything with `run()`. It is built with the runner and a data loader, tells hooks what
happens, and asks the runner after each step whether the run shall stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.utils.data import DataLoader

from engine.dataset import InfiniteSampler
from engine.dist import get_dist_info
from engine.registry import LOOPS

from ._seed import random_state, restore_random_state
from ._stop import TrainingInterrupted

if TYPE_CHECKING:
    from engine.evaluator import Evaluator

    from ._runner import Runner

Loader = DataLoader[Any] | Mapping[str, Any]


class BaseLoop:
    """What all loops have.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config.
    """

    def __init__(self, runner: Runner, dataloader: Loader) -> None:
        self.runner = runner
        self.dataloader = runner.build_dataloader(dataloader, seed=runner.seed)

    def run(self) -> Any:
        """Do what the loop is for; a subclass writes it."""
        raise TypeError(f"{type(self).__name__} has no run()")


class _TrainLoop(BaseLoop):
    """What the training loops share: their position, and when they validate."""

    def __init__(
        self,
        runner: Runner,
        dataloader: Loader,
        val_begin: int,
        val_interval: int,
        dynamic_intervals: Sequence[tuple[int, int]] | None,
    ) -> None:
        super().__init__(runner, dataloader)
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
class EpochBasedTrainLoop(_TrainLoop):
    """Trains for a number of passes over the data.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config.
        max_epochs: The number of passes.
        val_begin: The epoch after which the first validation comes.
        val_interval: How many epochs lie between two validations.
        dynamic_intervals: Other such numbers for later: `[(20, 2), (50, 1)]` validates after every
            second epoch from the twentieth on, and after each from the fiftieth on.

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
    ) -> None:
        super().__init__(runner, dataloader, val_begin, val_interval, dynamic_intervals)
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
        todo = batches(self.dataloader, runner.seed + self._epoch, start)
        for idx, batch in enumerate(todo, start):
            self.run_iter(idx, batch)
        runner.call_hook("after_train_epoch")
        self._epoch += 1


@LOOPS.register_module()
class IterBasedTrainLoop(_TrainLoop):
    """Trains for a number of iterations.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config; when it ends it begins anew.
        max_iters: The number of iterations.
        val_begin: The iteration after which the first validation comes.
        val_interval: How many iterations lie between two validations.
        dynamic_intervals: Other such numbers for later, as for the `EpochBasedTrainLoop`, in
            iterations.

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
    ) -> None:
        super().__init__(runner, dataloader, val_begin, val_interval, dynamic_intervals)
        self._max_iters = max_iters

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
        todo = self._endless()
        while self._iter < self._max_iters and not self.stop_training:
            self.run_iter(self._iter, next(todo))
            self._validate(self._iter, self._max_iters)
        runner.call_hook("after_train_epoch")
        self._epoch = 1
        return self._finish()

    def _endless(self) -> Iterator[Any]:
        done = self._iter
        infinite = isinstance(self.dataloader.sampler, InfiniteSampler)
        round_, start = (0, done) if infinite else divmod(done, len(self.dataloader))
        while True:
            set_epoch = getattr(self.dataloader.sampler, "set_epoch", None)
            if set_epoch is not None:
                set_epoch(round_)
            yield from batches(self.dataloader, self.runner.seed + round_, start)
            round_, start = round_ + 1, 0


class _EvalLoop(BaseLoop):
    """What validation and test share.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config.
        evaluator: The evaluator, or the configs of its metrics.
    """

    mode: str

    def __init__(
        self,
        runner: Runner,
        dataloader: Loader,
        evaluator: Evaluator | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(runner, dataloader)
        self.evaluator = runner.build_evaluator(evaluator)
        metainfo = getattr(self.dataloader.dataset, "metainfo", None)
        if metainfo is not None:
            self.evaluator.dataset_meta = metainfo

    @torch.no_grad()
    def run(self) -> dict[str, float]:
        """Predict all samples, and return the metrics."""
        runner, mode = self.runner, self.mode
        runner.call_hook(f"before_{mode}")
        runner.call_hook(f"before_{mode}_epoch")
        runner.model.eval()
        for idx, batch in enumerate(batches(self.dataloader, runner.seed)):
            self.run_iter(idx, batch)
        metrics: dict[str, float] = self.evaluator.evaluate(len(self.dataloader.dataset))  # type: ignore[arg-type]  # sized
        runner.call_hook(f"after_{mode}_epoch", metrics=metrics)
        runner.call_hook(f"after_{mode}")
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Predict one batch.

        Args:
            idx: Its number.
            data_batch: The batch.
        """
        runner, mode = self.runner, self.mode
        runner.call_hook(f"before_{mode}_iter", batch_idx=idx, data_batch=data_batch)
        step = runner.model.val_step if mode == "val" else runner.model.test_step
        outputs = step(data_batch)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        runner.call_hook(
            f"after_{mode}_iter", batch_idx=idx, data_batch=data_batch, outputs=outputs
        )
        runner.stop.check()


@LOOPS.register_module()
class ValLoop(_EvalLoop):
    """Evaluates the model on the validation data."""

    mode = "val"


@LOOPS.register_module()
class TestLoop(_EvalLoop):
    """Evaluates the model on the test data."""

    __test__ = False  # pytest takes the name for a test
    mode = "test"


def _checked_intervals(given: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    pairs = [(int(milestone), int(interval)) for milestone, interval in given]
    milestones = [milestone for milestone, _ in pairs]
    if milestones != sorted(set(milestones)) or any(interval < 1 for _, interval in pairs):
        raise ValueError(
            "dynamic_intervals are pairs of a milestone, each greater than the one before, and an "
            f"interval of at least 1; got {given!r}"
        )
    return pairs


def batches(loader: DataLoader[Any], seed: int, start: int = 0) -> Iterator[Any]:
    """Yield the batches of one pass.

    The loader draws the seed of its workers from a generator of its own, another one in each
    process, so that it leaves the global ones alone. What was trained on before is skipped in the
    sampler without being read.

    Args:
        loader: The data loader.
        seed: The seed of its workers.
        start: How many batches to leave out.

    Raises:
        ValueError: If batches are to be left out, but the sampler can't skip.
    """
    rank, world_size = get_dist_info()
    loader.generator = torch.Generator().manual_seed(seed * world_size + rank)
    if start:
        skip = getattr(loader.sampler, "skip", None)
        if skip is None or loader.batch_size is None:
            raise ValueError(
                f"{type(loader.sampler).__name__} has no skip(n), so that the training can't go on "
                "in the middle of an epoch; use DefaultSampler or InfiniteSampler"
            )
        skip(start * loader.batch_size)
    yield from loader
