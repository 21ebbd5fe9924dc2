"""Base class of hooks, and the members of a runner that they use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from engine.dataset import length_of

if TYPE_CHECKING:
    import logging

    from torch.utils.data import DataLoader

    from engine.logging import MessageHub
    from engine.visualization import Visualizer


class RunnerLike(Protocol):
    """What a hook may ask of its runner; `engine.runner.Runner` documents each member."""

    cfg: Any
    experiment_name: str
    model: Any
    strategy: Any
    logger: logging.Logger
    log_dir: str
    log_processor: Any
    message_hub: MessageHub
    param_schedulers: list[Any]
    seed: int
    train_loop: Any
    visualizer: Visualizer
    work_dir: str

    @property
    def hooks(self) -> list[Any]: ...
    @property
    def optim_wrapper(self) -> Any: ...
    @property
    def epoch(self) -> int: ...
    @property
    def iter(self) -> int: ...
    @property
    def max_epochs(self) -> int: ...
    @property
    def max_iters(self) -> int: ...
    @property
    def train_dataloader(self) -> DataLoader[Any]: ...
    @property
    def val_dataloader(self) -> DataLoader[Any]: ...
    @property
    def test_dataloader(self) -> DataLoader[Any]: ...
    @property
    def rank(self) -> int: ...
    @property
    def world_size(self) -> int: ...

    def counts_epochs(self, by_epoch: bool | None = None, owner: str = "") -> bool: ...

    def load_checkpoint(self, filename: str) -> dict[str, Any]: ...

    def register_hook(self, hook: Any, priority: str | int | None = None) -> None: ...

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: Mapping[str, Any] | None = None,
        by_epoch: bool | None = True,
        backend_args: Mapping[str, Any] | None = None,
        layout: Literal["file", "folder"] = "file",
        background: bool = False,
        committed: Callable[[], object] | None = None,
    ) -> None: ...

    def finish_saving(self) -> None: ...


POINTS = (
    "before_run",
    "before_train",
    "before_train_epoch",
    "before_train_iter",
    "after_train_iter",
    "after_train_epoch",
    "before_val",
    "before_val_epoch",
    "before_val_iter",
    "after_val_iter",
    "after_val_epoch",
    "after_val",
    "before_save_checkpoint",
    "after_train",
    "before_test",
    "before_test_epoch",
    "before_test_iter",
    "after_test_iter",
    "after_test_epoch",
    "after_test",
    "after_run",
    "after_load_checkpoint",
)

# The point that a hook overrides for training, validation and test at once.
_SHARED = {
    f"{when}_{mode}_{what}": f"_{when}_{what}"
    for when in ("before", "after")
    for mode in ("train", "val", "test")
    for what in ("epoch", "iter")
}


class Hook:
    """Something that happens at certain points of a run.

    A hook overrides the points that it needs and pays for no other. `_before_epoch`,
    `_after_epoch`, `_before_iter` and `_after_iter` stand for training, validation and test alike.

    Attributes:
        priority: When it comes among the hooks of a point: a name from `HIGHEST`, `VERY_HIGH`,
            `HIGH`, `ABOVE_NORMAL`, `NORMAL`, `BELOW_NORMAL`, `LOW`, `VERY_LOW` to `LOWEST`, or a
            number from 0 (first) to 100.
        checkpoint_keys: The keys that it adds to a checkpoint and reads back.

    `runner` is an `engine.runner.Runner` at each point. It is not annotated so, for a subclass to
    annotate it as it likes: with `Runner`, or with `RunnerLike`.
    """

    priority: str | int = "NORMAL"
    checkpoint_keys: Sequence[str] = ()

    def outcome(self, runner: Any) -> dict[str, str]:
        """Return what the user is told of this hook's work after a training, by short names."""
        return {}

    def before_run(self, runner: Any) -> None:
        """Act before anything else."""

    def after_run(self, runner: Any) -> None:
        """Act after everything else."""

    def before_train(self, runner: Any) -> None:
        """Act before the training begins or goes on."""

    def after_train(self, runner: Any) -> None:
        """Act after the training."""

    def before_val(self, runner: Any) -> None:
        """Act before a validation."""

    def after_val(self, runner: Any) -> None:
        """Act after a validation."""

    def before_test(self, runner: Any) -> None:
        """Act before the test."""

    def after_test(self, runner: Any) -> None:
        """Act after the test."""

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Act before a checkpoint is written; what is added must be plain data and tensors."""

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Act after a checkpoint was read; what is changed in its `state_dict`, the model gets."""

    def before_train_epoch(self, runner: Any) -> None:
        """Act before an epoch of training."""
        self._before_epoch(runner, mode="train")

    def before_val_epoch(self, runner: Any) -> None:
        """Act before the batches of a validation."""
        self._before_epoch(runner, mode="val")

    def before_test_epoch(self, runner: Any) -> None:
        """Act before the batches of the test."""
        self._before_epoch(runner, mode="test")

    def after_train_epoch(self, runner: Any) -> None:
        """Act after an epoch of training."""
        self._after_epoch(runner, mode="train")

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Act on the metrics of a validation."""
        self._after_epoch(runner, mode="val")

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Act on the metrics of the test."""
        self._after_epoch(runner, mode="test")

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Act before a step of training."""
        self._before_iter(runner, batch_idx, data_batch, mode="train")

    def before_val_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Act before a batch of a validation."""
        self._before_iter(runner, batch_idx, data_batch, mode="val")

    def before_test_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Act before a batch of the test."""
        self._before_iter(runner, batch_idx, data_batch, mode="test")

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Act on the values that a step of training logs."""
        self._after_iter(runner, batch_idx, data_batch, outputs, mode="train")

    def after_val_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Act on the predictions for a batch of a validation."""
        self._after_iter(runner, batch_idx, data_batch, outputs, mode="val")

    def after_test_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Act on the predictions for a batch of the test."""
        self._after_iter(runner, batch_idx, data_batch, outputs, mode="test")

    def _before_epoch(self, runner: Any, mode: str = "train") -> None: ...

    def _after_epoch(self, runner: Any, mode: str = "train") -> None: ...

    def _before_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, mode: str = "train"
    ) -> None: ...

    def _after_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = "train",
    ) -> None: ...

    def every_n_epochs(self, runner: RunnerLike, n: int, start: int = 0) -> bool:
        """Return whether this epoch is one of each `n`, counted from `start`; never if n < 1."""
        done = runner.epoch + 1 - start
        return n > 0 and done >= 0 and done % n == 0

    def every_n_train_iters(self, runner: RunnerLike, n: int, start: int = 0) -> bool:
        """Return whether this iteration is one of each `n`, counted from `start`."""
        done = runner.iter + 1 - start
        return n > 0 and done >= 0 and done % n == 0

    def every_n_inner_iters(self, batch_idx: int, n: int) -> bool:
        """Return whether this batch of its epoch is one of each `n`."""
        return n > 0 and (batch_idx + 1) % n == 0

    def end_of_epoch(self, dataloader: Any, batch_idx: int) -> bool:
        """Return whether this batch is the last of its epoch; of a stream, that is not known."""
        return batch_idx + 1 == length_of(dataloader)

    def is_last_train_epoch(self, runner: RunnerLike) -> bool:
        """Return whether this is the last epoch of the training."""
        return runner.epoch + 1 == runner.max_epochs

    def is_last_train_iter(self, runner: RunnerLike) -> bool:
        """Return whether this is the last iteration of the training."""
        return runner.iter + 1 == runner.max_iters

    def get_triggered_stages(self) -> list[str]:
        """Return the points at which this hook does something, in their order."""
        return [point for point in POINTS if self._overrides(point)]

    def call_at(self, point: str) -> Callable[..., None]:
        """Return the method to call at a point, without a detour through the shared one."""
        shared = _SHARED[point] if point.endswith("_iter") else None
        if shared is None or getattr(type(self), point) is not getattr(Hook, point):
            method: Callable[..., None] = getattr(self, point)
            return method
        return functools.partial(getattr(self, shared), mode=point.split("_")[1])

    def _overrides(self, point: str) -> bool:
        names = [point, _SHARED[point]] if point in _SHARED else [point]
        return any(getattr(type(self), name) is not getattr(Hook, name) for name in names)
