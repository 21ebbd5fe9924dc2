"""Hooks of mmalpha."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.dist import master_only
from engine.hooks import Hook
from engine.registry import needs_trust
from engine.registry.restrictions import NAMES_FILE_OF_RUN
from engine.visualization import plot_confusion_matrix, require_matplotlib, write_image
from mmalpha.registry import HOOKS

if TYPE_CHECKING:
    from engine.runner import Runner

Normalize = Literal["true", "pred", "all"] | None

_NAME = "confusion_matrix"


@HOOKS.register_module()
@needs_trust(filename=NAMES_FILE_OF_RUN)
class ConfusionMatrixHook(Hook):
    """Draws the metric `ConfusionMatrix` after each validation and test.

    The visual backends get each image, and the newest one is a file in the work directory.

    Args:
        normalize: As in `plot_confusion_matrix`.
        filename: The name of the image in the work directory.
    """

    priority: str | int = "LOW"

    def __init__(
        self, normalize: Normalize = "true", filename: str = "confusion_matrix.png"
    ) -> None:
        self.normalize: Normalize = normalize
        self.filename = filename

    def before_run(self, runner: Runner) -> None:
        """Make sure that the image can be drawn, before hours of training."""
        require_matplotlib()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw the matrix of a validation."""
        self._draw(runner, "val", runner.val_loop.evaluator.dataset_meta, metrics)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw the matrix of a test."""
        self._draw(runner, "test", runner.test_loop.evaluator.dataset_meta, metrics)

    @master_only
    def _draw(
        self,
        runner: Runner,
        mode: str,
        metainfo: Mapping[str, Any] | None,
        metrics: Mapping[str, Any] | None,
    ) -> None:
        matrix = next(
            (value for name, value in (metrics or {}).items() if name.endswith(_NAME)), None
        )
        if matrix is None:
            raise ValueError(
                f"ConfusionMatrixHook needs dict(type='ConfusionMatrix') among the metrics of the "
                f"{mode} evaluator"
            )
        picture = plot_confusion_matrix(matrix, (metainfo or {}).get("classes"), self.normalize)
        step = runner.epoch if runner.counts_epochs() else runner.iter
        runner.visualizer.add_image(f"{mode}/{_NAME}", picture, step)
        write_image(picture, Path(runner.work_dir) / self.filename)
