"""Hook that reports the test of a segmentor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch
from torch import Tensor

from engine.dist import all_reduce, get_results_group
from engine.fileio import atomic_write
from engine.model import unwrap
from engine.report import (
    FeatureTap,
    Observation,
    Picture,
    Pixels,
    Report,
    ReportHook,
    Table,
    confusion_tables,
)
from engine.visualization import plot_confusion_matrix
from mmbeta.registry import HOOKS
from mmbeta.structures import SegDataSample
from mmbeta.visualization import Classes, legend, side_by_side

if TYPE_CHECKING:
    from engine.runner import Runner

_SIDE = 224  # pixels, the largest side of an image on the page
_BYTE = 256  # values that a mask of one byte can have


@HOOKS.register_module()
class SegReport(ReportHook):
    """Reports the test of a segmentor.

    It says intersection over union, accuracy, precision and Dice score of each class, from the
    pixels of all images together, which classes are confused, and which images have the least mean
    intersection over union of the classes in them or in their prediction.

    Args:
        ignore_index: The true label of pixels that don't count.
        num_worst: As in `ReportHook`.
        save_predictions: As in `ReportHook`. The predicted masks are PNG images in a folder beside
            the file, with its name before the suffix.
        save_features: As in `ReportHook`. They are the mean over the last map that the head gets.
        write_report: As in `ReportHook`.
    """

    options: ClassVar[tuple[str, ...]] = (*ReportHook.options, "ignore_index")

    def __init__(
        self,
        ignore_index: int = 255,
        num_worst: int = 24,
        save_predictions: str | None = None,
        save_features: str | None = None,
        write_report: bool = True,
    ) -> None:
        super().__init__(num_worst, save_predictions, save_features, write_report)
        self.ignore_index = ignore_index

    def before_test(self, runner: Runner) -> None:
        """Prepare."""
        super().before_test(runner)
        names = [str(name) for name in self.dataset_meta.get("classes") or ()]
        if not names:
            model: Any = unwrap(runner.model)
            names = [str(index) for index in range(max(2, model.decode_head.num_classes))]
        self._classes = Classes.of({**self.dataset_meta, "classes": names})
        self._confusion = torch.zeros(len(names), len(names), dtype=torch.long)

    def observe(self, samples: Sequence[SegDataSample]) -> list[Observation]:
        """Count the pixels of each image.

        Args:
            samples: With `pred_sem_seg`, and with `gt_sem_seg` where the truth is known.
        """
        return [self._observe(sample) for sample in samples]

    def draw(self, image: Tensor, sample: SegDataSample) -> Pixels:
        """Return the image, its true and its predicted mask side by side."""
        masks = [each.data[0].cpu() for each in (sample.gt_sem_seg, sample.pred_sem_seg)]
        height, width = sample.get("img_shape", image.shape[-2:])
        return side_by_side(image[:, :height, :width].cpu(), masks, self._classes, _SIDE)

    def tap(self, model: Any) -> FeatureTap:
        """Return what takes the last map that the head gets."""
        return FeatureTap(model.decode_head, lambda args, _: args[0][-1])

    def save_one(self, record: dict[str, Any], sample: SegDataSample, file: Path) -> None:
        """Write the predicted mask of an image.

        Args:
            record: As in `ReportHook`; it gets `mask`, the name of the image beside the file.
            sample: The output of the model.
            file: The file for all predictions.
        """
        stem = Path(record["img_path"] or "").stem
        name = f"{record['index']:06d}{'_' if stem else ''}{stem}.png"
        record["mask"] = f"{file.stem}/{name}"
        mask = sample.pred_sem_seg.data[0].cpu().numpy()
        with atomic_write(file.parent / record["mask"]) as stream:
            _as_image(mask, self._classes).save(stream, format="PNG")

    def finish(self, runner: Runner) -> None:
        """Sum the pixels of all processes."""
        all_reduce(self._confusion, group=get_results_group())

    def summarize(self, records: Sequence[dict[str, Any]], features: Tensor | None) -> Report:
        """Return tables, pictures and values of all images.

        Args:
            records: As in `ReportHook`.
            features: As in `ReportHook`.
        """
        names = [*self._classes.names]
        matrix = self._confusion.double()
        hits, truth, predicted = matrix.diag(), matrix.sum(1), matrix.sum(0)
        rates = {
            "IoU": hits / (truth + predicted - hits),
            "accuracy": hits / truth,
            "precision": hits / predicted,
            "Dice": 2 * hits / (truth + predicted),
        }
        columns = [names, self._confusion.sum(1).tolist(), *(r.tolist() for r in rates.values())]
        counts = self._confusion.numpy()
        return Report(
            "Report of a segmentation",
            values={
                "mIoU": rates["IoU"].nanmean().item(),
                "mAcc": rates["accuracy"].nanmean().item(),
                "mDice": rates["Dice"].nanmean().item(),
                "aAcc": (hits.sum() / truth.sum()).item(),
            },
            tables=[
                Table(
                    "per_class",
                    "Classes",
                    ["class", "pixels", *rates],
                    [*map(list, zip(*columns, strict=True))],
                ),
                *confusion_tables(counts, names, "pixels"),
            ],
            pictures=[
                Picture("Confusion", plot_confusion_matrix(counts, names, cells="parts")),
                Picture("Colors", legend(self._classes)),
            ],
            worst_title="Images of the least IoU: image, truth and prediction",
        )

    def _observe(self, sample: SegDataSample) -> Observation:
        if "gt_sem_seg" not in sample:
            return Observation({"mIoU": None, "accuracy": None}, None, {})
        matrix = self._count(sample.gt_sem_seg.data, sample.pred_sem_seg.data)
        self._confusion += matrix
        hits = matrix.diag().double()
        iou = hits / (matrix.sum(0) + matrix.sum(1) - matrix.diag())
        facts: dict[str, Any] = {
            "mIoU": _known(iou.nanmean()),
            "accuracy": _known(hits.sum() / matrix.sum()),
        }
        cost = None if facts["mIoU"] is None else 1 - facts["mIoU"]  # all pixels are ignored
        return Observation(dict(facts), cost, facts)

    def _count(self, truth: Tensor, prediction: Tensor) -> Tensor:
        """Return the pixels by true (row) and predicted class."""
        count = len(self._classes.names)
        truth, prediction = truth.flatten().long(), prediction.flatten().long()
        counted = truth != self.ignore_index
        pairs = torch.stack([truth[counted], prediction[counted]])
        if pairs.numel() and not 0 <= pairs.min() <= pairs.max() < count:
            raise ValueError(
                f"a mask has labels from {pairs.min()} to {pairs.max()}; expected 0 to "
                f"{count - 1}, or {self.ignore_index} to ignore a pixel"
            )
        cells = torch.bincount(pairs[0] * count + pairs[1], minlength=count**2)
        return cells.reshape(count, count).cpu()


def _known(value: Tensor) -> float | None:
    return None if value.isnan() else value.item()


def _as_image(mask: npt.NDArray[Any], classes: Classes) -> PIL.Image.Image:
    """Return a mask as an image whose pixels are the classes, in their colors where they fit."""
    if len(classes.names) > _BYTE:
        return PIL.Image.fromarray(mask.astype(np.uint16))
    image = PIL.Image.fromarray(mask.astype(np.uint8))
    image.putpalette([value for color in classes.colors for value in color])
    return image
