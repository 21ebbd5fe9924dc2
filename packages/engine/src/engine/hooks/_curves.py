"""Picture of the training curves."""

from __future__ import annotations

from pathlib import Path

from engine.dist import master_only
from engine.registry import HOOKS, needs_trust
from engine.registry.restrictions import NAMES_FILE_OF_RUN
from engine.utils import check_types
from engine.visualization import plot_curves, require_matplotlib

from ._hook import Hook
from ._runner_like import RunnerLike


@HOOKS.register_module()
@needs_trust(filename=NAMES_FILE_OF_RUN)
class CurvesHook(Hook):
    """Draws the scalars of all runs in the work directory, as one training, into a PNG.

    Args:
        filename: The name of the picture in the work directory.

    Raises:
        ImportError: If matplotlib is missing.
    """

    priority = "LOWEST"

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
