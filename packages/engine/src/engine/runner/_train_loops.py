"""Epoch-based and iteration-based training loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from torch import nn

from engine.dataset import Extent, InfiniteSampler, length_of
from engine.registry import LOOPS
from engine.utils import check_types

from ._base_loop import BaseLoop, Loader
from ._interrupt import TrainingInterrupted

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
        by_epoch: Whether the loop counts epochs, and so parts that don't say what they count do.
        stop_training: Whether the training is to end after the present epoch or iteration; a hook
            may set it.
    """

    by_epoch = True

    @check_types
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
        self.val_interval: int = val_interval
        self._later_intervals = _checked_intervals(dynamic_intervals or ())
        self.stop_training = False
        self._epoch = 0
        self._iter = 0
        self._validated = 0
        self._pass = 0
        self._samples = 0  # that all processes together have taken of this pass

    @property
    def epoch(self) -> int:
        """The epochs done so far."""
        return self._epoch

    @property
    def iter(self) -> int:
        """The iterations done so far."""
        return self._iter

    def _train_on(self, idx: int, data_batch: Any) -> None:
        runner = self.runner
        runner.call_hook("before_train_iter", batch_idx=idx, data_batch=data_batch)
        outputs = runner.model.train_step(data_batch, optim_wrapper=runner.optim_wrapper)
        runner.call_hook("after_train_iter", batch_idx=idx, data_batch=data_batch, outputs=outputs)
        self._iter += 1
        runner.stop.check()

    def state_dict(self) -> dict[str, int]:
        """Return the position in the training and in the present pass over the data.

        It counts samples, so that a training can go on with another number of them in a step.
        """
        left = self.resumable_loader.left(self._samples)
        return {
            "epoch": self._epoch,
            "iter": self._iter,
            "validated": self._validated,
            "by_epoch": self.by_epoch,
            "pass": self._pass,
            "samples": self._samples,
            "left": -1 if left is None else left,
            **self.resumable_loader.extent._asdict(),
        }

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Go on from a position that `state_dict` returned.

        Raises:
            ValueError: If it is in the middle of a pass, the rest of it is not known with the
                present data, and the resume must be exact.
        """
        self._epoch, self._iter = state_dict["epoch"], state_dict["iter"]
        self._validated = state_dict.get("validated", 0)
        if "samples" not in state_dict:  # of another engine
            state_dict = {**state_dict, **self._place_of_iteration()}
        self._pass = state_dict["pass"]
        self._samples = self._samples_taken(state_dict)

    def _place_of_iteration(self) -> dict[str, int]:
        """Return the place in the data that follows from the number of the iteration."""
        extent = self.resumable_loader.extent
        number, batches = 0, self._iter
        if not self._is_endless:
            number, batches = divmod(self._iter, len(self.dataloader))
        return {"pass": number, "samples": batches * extent.step, "left": -1, **extent._asdict()}

    def _samples_taken(self, state: Mapping[str, int]) -> int:
        """Return where in the pass to go on, for data that may have changed."""
        taken, loader = state["samples"], self.resumable_loader
        had = Extent(*(state[name] for name in Extent._fields))
        if not taken or had == loader.extent:
            return taken
        if state["left"] == 0:  # nor is anything left of the pass now
            return taken + (loader.left(taken) or 0) * loader.extent.step
        if self._is_endless and taken % had.size == 0:
            return taken // had.size * loader.extent.size
        reason = loader.misfit(had)
        if not reason:
            return taken
        reason = f"The training can't go on exactly in the middle of a pass over the data: {reason}"
        if self.exact_resume:
            raise ValueError(
                f"{reason}. Go on from a checkpoint of the end of an epoch, or with "
                "train_cfg=dict(exact_resume=False), with which the pass begins anew"
            )
        self.runner.logger.warning("%s. The pass begins anew", reason)
        return 0

    @property
    def _is_endless(self) -> bool:
        loader = self.dataloader
        samplers = (loader, getattr(loader, "batch_sampler", None))
        return any(isinstance(getattr(each, "sampler", None), InfiniteSampler) for each in samplers)

    def _rest_of_pass(self) -> Iterator[Any]:
        """Yield the batches that are left of the present pass, and count their samples."""
        batches = self._read(self.resumable_loader.rest(self._pass, self._samples))
        for batch in self._together(batches) if self._is_stream else batches:
            self._samples += self.resumable_loader.extent.step
            yield batch
        if not self._samples:
            raise ValueError(f"the training data have no batch: {_why_none(self.dataloader)}")

    def _begin(self) -> None:
        lengths = self._lengths()
        if len({*lengths}) > 1 and not self._is_stream:
            raise ValueError(
                f"the processes have {', '.join(map(str, lengths))} batches of training data, and "
                "would wait for each other for ever: take a sampler that gives each as many, such "
                "as a DefaultSampler with round_up=True"
            )
        self.runner.call_hook("before_train")
        self.runner.restore_randomness()

    def _finish(self) -> nn.Module:
        self.runner.call_hook("after_train")
        return cast("nn.Module", self.runner.model)

    def _set_val_interval(self, done: int) -> None:
        for milestone, interval in self._later_intervals:
            if done >= milestone:
                self.val_interval = interval

    def _validate(self, done: int, is_last: bool) -> None:
        """Validate, if that is due after `done` epochs or iterations and was not done already."""
        runner = self.runner
        self._set_val_interval(done)
        due = is_last or (done >= self.val_begin and done % self.val_interval == 0)
        if runner.val_loop is None or not due or self._validated == done:
            return
        self._validated = done
        try:
            runner.val_loop.run()
        except TrainingInterrupted:  # the resumed run validates again
            self._validated = 0
            raise


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

    @check_types
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
        if self._is_endless:
            raise ValueError(
                "train_cfg: an InfiniteSampler never ends an epoch; take a DefaultSampler, or a "
                "training by iterations, train_cfg=dict(by_epoch=False, max_iters=...)"
            )
        if length_of(self.dataloader) is None:
            name = type(getattr(self.dataloader, "dataset", self.dataloader)).__name__
            raise ValueError(
                f"train_cfg: {name} has no length, which a training by epochs needs; take one by "
                "iterations, train_cfg=dict(by_epoch=False, max_iters=...)"
            )
        self._max_epochs = max_epochs
        self._first_iter = 0  # of the present epoch, as if it had been trained with this step

    @property
    def max_epochs(self) -> int:
        """The epochs in all."""
        return self._max_epochs

    @property
    def max_iters(self) -> int:
        """The iterations in all."""
        return self._first_iter + (self._max_epochs - self._epoch) * len(self.dataloader)

    def run(self) -> nn.Module:
        """Train, and return the model."""
        self._begin()
        if not self._samples:
            self._validate(self._epoch, self._is_over)
        while not self._is_over:
            self.run_epoch()
            self._validate(self._epoch, self._is_over)
        return self._finish()

    @property
    def _is_over(self) -> bool:
        return self._epoch >= self._max_epochs or self.stop_training

    def run_epoch(self) -> None:
        """Train for one pass, or for the rest of one that was interrupted."""
        runner = self.runner
        runner.call_hook("before_train_epoch")
        runner.model.train()
        start = self._iter - self._first_iter
        if self._samples:
            runner.restore_randomness()
        for idx, batch in enumerate(self._rest_of_pass(), start):
            self.run_iter(idx, batch)
        runner.call_hook("after_train_epoch")
        self._epoch += 1
        self._pass, self._samples, self._first_iter = self._epoch, 0, self._iter

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Train on one batch.

        Args:
            idx: Its number in the epoch.
            data_batch: The batch.
        """
        self._train_on(idx, data_batch)

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Go on from a position that `state_dict` returned, as the base does."""
        epoch = state_dict["epoch"]
        if not state_dict.get("by_epoch", True):  # of a training that counted iterations
            state_dict = {**state_dict, "epoch": state_dict["pass"], "validated": 0}
        elif state_dict.get("pass", epoch) != epoch:  # taken when the pass was about to count
            state_dict = {**state_dict, "pass": epoch, "samples": 0}
        super().load_state_dict(state_dict)
        left, whole = self.resumable_loader.left(self._samples), self.resumable_loader.left(0)
        done = self._samples // self.resumable_loader.extent.step
        self._first_iter = self._iter - (done if left is None or whole is None else whole - left)

    def _place_of_iteration(self) -> dict[str, int]:
        length, extent = len(self.dataloader), self.resumable_loader.extent
        batches = self._iter - self._epoch * length
        if not 0 <= batches < length and self._epoch and self._iter % self._epoch == 0:
            batches = 0  # at the end of an epoch that had another length
        if not 0 <= batches <= length:
            raise ValueError(
                f"iteration {self._iter} after {self._epoch} epochs is not in an epoch of "
                f"{length} iterations: the checkpoint was made with another batch size, number of "
                "processes or data"
            )
        place = {"pass": self._epoch, "samples": batches * extent.step, "left": -1}
        return {**place, **extent._asdict()}


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

    by_epoch = False

    @check_types
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
        self._validate(self._iter, self._is_over)
        endless = self._endless()
        while not self._is_over:
            self.run_iter(next(endless))
            self._validate(self._iter, self._is_over)
        runner.call_hook("after_train_epoch")
        self._epoch = 1
        return self._finish()

    def run_iter(self, data_batch: Any) -> None:
        """Train on one batch.

        Args:
            data_batch: The batch.
        """
        self._train_on(self._iter, data_batch)

    @property
    def _is_over(self) -> bool:
        return self._iter >= self._max_iters or self.stop_training

    def _endless(self) -> Iterator[Any]:
        while True:
            yield from self._rest_of_pass()
            self._pass, self._samples = self._pass + 1, 0


def calc_dynamic_intervals(
    start_interval: int, dynamic_interval_list: Sequence[tuple[int, int]] | None = None
) -> tuple[list[int], list[int]]:
    """Return the times from which on intervals hold, and these intervals.

    Args:
        start_interval: The interval from the start.
        dynamic_interval_list: The later ones, each with its time.

    Raises:
        ValueError: If the times do not rise.
    """
    later = _checked_intervals(dynamic_interval_list or ())
    pairs = [(0, start_interval), *later]
    return [time for time, _ in pairs], [interval for _, interval in pairs]


def _checked_intervals(given: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    pairs = [(int(milestone), int(interval)) for milestone, interval in given]
    milestones = [milestone for milestone, _ in pairs]
    if milestones != sorted(set(milestones)) or any(interval < 1 for _, interval in pairs):
        raise ValueError(
            "dynamic_intervals are pairs of a milestone, each greater than the one before, and an "
            f"interval of at least 1; got {given!r}"
        )
    return pairs


def _why_none(loader: Any) -> str:
    """Say what makes a loader have no batch, as far as that is known."""
    data, batch_size = getattr(loader, "dataset", ()), getattr(loader, "batch_size", None)
    size = f"{len(data)} samples" if hasattr(data, "__len__") else "a stream without samples"
    return (
        size
        if batch_size is None
        else f"{size} and batch_size={batch_size}" + (" with drop_last" if loader.drop_last else "")
    )
