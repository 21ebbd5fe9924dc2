"""Progress bar in the terminal, and an image of the training curves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.dataset import length_of
from engine.dist import is_main_process, master_only
from engine.logging import console, has_terminal
from engine.registry import HOOKS, needs_trust
from engine.registry.restrictions import NAMES_FILE_OF_RUN
from engine.utils import check_types
from engine.visualization import plot_curves, require_matplotlib

from ._hook import Hook, RunnerLike

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@HOOKS.register_module()
class ProgressHook(Hook):
    """Shows epoch and iteration, with loss, learning rate, throughput and ETA.

    It does nothing where the output is not a terminal.

    Args:
        interval: How many iterations lie between two readings of the values, in which the host
            waits for the device.
    """

    priority: str | int = "BELOW_NORMAL"

    @check_types
    def __init__(self, interval: int = 10) -> None:
        self.interval = interval
        self._is_shown = True
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def before_run(self, runner: RunnerLike) -> None:
        """Find out whether there is a terminal."""
        self._is_shown = is_main_process() and has_terminal()

    def before_train(self, runner: RunnerLike) -> None:
        """Show the bar."""
        from rich.progress import BarColumn, Progress, TextColumn  # deferred: terminals only

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[values]}", markup=False),
            console=console(),
            transient=True,
        )
        self._task = self._progress.add_task(
            "train", total=_total_iters(runner), completed=runner.iter, values=""
        )
        self._progress.start()

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Move the bar on."""
        if self._progress is None or self._task is None:
            return
        position = _describe_position(runner, batch_idx)
        self._progress.update(self._task, description=position, completed=runner.iter + 1)
        if self.every_n_train_iters(runner, self.interval):
            self._progress.update(self._task, values=runner.log_processor.summary(runner))

    def after_train(self, runner: RunnerLike) -> None:
        """Take the bar away."""
        self._stop()

    def after_run(self, runner: RunnerLike) -> None:
        """Take the bar away after an interrupted training as well."""
        self._stop()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _overrides(self, point: str) -> bool:
        return super()._overrides(point) and (self._is_shown or point == "before_run")


def _total_iters(runner: RunnerLike) -> int | None:
    """Return the iterations of the training; None where a stream does not tell its length."""
    counts_batches = runner.counts_epochs() and length_of(runner.train_dataloader) is None
    return None if counts_batches else runner.max_iters


def _describe_position(runner: RunnerLike, batch_idx: int) -> str:
    if not runner.counts_epochs():
        return f"iter {runner.iter + 1}/{runner.max_iters}"
    batches = length_of(runner.train_dataloader)
    iteration = f"{batch_idx + 1}/{'?' if batches is None else batches}"
    return f"epoch {runner.epoch + 1}/{runner.max_epochs} [{iteration}]"


@HOOKS.register_module()
@needs_trust(filename=NAMES_FILE_OF_RUN)
class CurvesHook(Hook):
    """Draws the scalars of all runs in the work directory, as one training, into a PNG.

    Args:
        filename: The name of the image in the work directory.

    Raises:
        ImportError: If matplotlib is missing.
    """

    priority: str | int = "LOWEST"

    @check_types
    def __init__(self, filename: str = "curves.png") -> None:
        require_matplotlib()  # now, not at the end of a long training
        self.filename = filename

    @master_only
    def after_train(self, runner: RunnerLike) -> None:
        """Draw."""
        folder = Path(runner.work_dir)
        files = sorted(folder.glob("*/vis_data/scalars.json"))
        if files:
            plot_curves({folder.name: files}, folder / self.filename)
