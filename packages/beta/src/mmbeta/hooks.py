"""Hooks of mmbeta."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from engine.dist import master_only
from engine.hooks import Hook
from engine.registry import needs_trust
from engine.registry.restrictions import NAMES_FILE_OF_RUN
from engine.visualization import require_matplotlib, write_image
from mmbeta.registry import HOOKS
from mmbeta.structures import SegDataSample
from mmbeta.visualization import Classes, contact_sheet

if TYPE_CHECKING:
    from engine.runner import Runner


@HOOKS.register_module()
@needs_trust(filename=NAMES_FILE_OF_RUN)
class PredictionsHook(Hook):
    """Draws the first images of the last validation, their true and their predicted masks.

    The picture is written when the training ends, or a test does.

    Args:
        num_images: How many images to show.
        filename: The name of the image in the work directory.

    Raises:
        ValueError: If `num_images` is not positive.
    """

    priority: str | int = "LOWEST"

    def __init__(self, num_images: int = 6, filename: str = "predictions.png") -> None:
        if num_images < 1:
            raise ValueError(f"num_images of PredictionsHook is at least 1; got {num_images}")
        self.num_images = num_images
        self.filename = filename
        self._images: list[Tensor] = []
        self._samples: list[SegDataSample] = []

    def before_run(self, runner: Runner) -> None:
        """Make sure that the image can be drawn, before hours of training."""
        require_matplotlib()

    def _before_epoch(self, runner: Runner, mode: str = "train") -> None:
        if mode != "train":
            self._images.clear()
            self._samples.clear()

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[SegDataSample] | Any = None,
        mode: str = "train",
    ) -> None:
        missing = self.num_images - len(self._samples)
        if mode != "train" and missing > 0:
            images = data_batch["inputs"][:missing]
            self._images += list(images)
            self._samples += list(outputs[: len(images)])

    def after_train(self, runner: Runner) -> None:
        """Draw what the last validation saw."""
        if self._samples:
            self._draw(runner, runner.val_loop.evaluator.dataset_meta)

    def after_test(self, runner: Runner) -> None:
        """Draw what the test saw."""
        self._draw(runner, runner.test_loop.evaluator.dataset_meta)

    @master_only
    def _draw(self, runner: Runner, metainfo: Any) -> None:
        rows = {
            "truth": [sample.gt_sem_seg.data[0] for sample in self._samples],
            "prediction": [sample.pred_sem_seg.data[0] for sample in self._samples],
        }
        sheet = contact_sheet(self._images, rows, Classes.of(metainfo))
        write_image(sheet, Path(runner.work_dir) / self.filename)
