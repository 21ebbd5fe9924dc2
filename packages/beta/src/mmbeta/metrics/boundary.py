"""Quality of boundaries: boundary IoU and the Hausdorff distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.evaluator import BaseMetric, SumMetric
from engine.logging import get_logger
from mmbeta.registry import METRICS

from .masks import check_labels, classes_of, table_of

_Mask = npt.NDArray[np.bool_]


class _MaskMetric(BaseMetric):
    """A metric of the mask of each class in each image; a subclass writes `measure`."""

    ignore_index: int

    @property
    def classes(self) -> list[str]:
        """The names of the classes."""
        return classes_of(self.dataset_meta, type(self).__name__)

    def measures_of(self, data_samples: Sequence[dict[str, Any]]) -> list[Tensor]:
        """Measure the masks of a batch.

        Args:
            data_samples: With `gt_sem_seg` and `pred_sem_seg`.

        Returns:
            For each image what `measure` returns for each class.
        """
        measures = []
        count = len(self.classes)
        for sample in data_samples:
            truth = sample["gt_sem_seg"]["data"].squeeze(0).long().cpu()
            prediction = sample["pred_sem_seg"]["data"].squeeze(0).long().cpu()
            counted = truth != self.ignore_index
            check_labels(truth[counted], prediction[counted], count, self.ignore_index)
            # What does not count belongs to no class, in the prediction as in the truth.
            truth, prediction = (labels.where(counted, -1) for labels in (truth, prediction))
            values = [
                self.measure((truth == label).numpy(), (prediction == label).numpy())
                for label in range(count)
            ]
            measures.append(torch.tensor(values, dtype=torch.float64))
        return measures

    def measure(self, truth: _Mask, prediction: _Mask) -> Sequence[float]:
        """Measure the mask of a class in an image.

        Args:
            truth: The true mask, `(H, W)`.
            prediction: The predicted one.
        """
        raise NotImplementedError


@METRICS.register_module()
class BoundaryIoUMetric(_MaskMetric, SumMetric):
    """Intersection over union of the pixels near the boundaries, those of all images together.

    A pixel of a mask is near its boundary if it is at most `dilation_ratio` of the diagonal of the
    image away from a pixel outside of the mask, or from the edge of the image. A small object is
    all boundary; of a large one the inside does not hide a coarse outline. `mBoundaryIoU` is the
    mean over the classes that appear; the values of each class go to the log.

    Boundary IoU, Cheng et al., 2021, https://arxiv.org/abs/2103.16562.

    Args:
        dilation_ratio: How far from the boundary, in relation to the diagonal; at least one pixel.
        ignore_index: The true label of pixels that don't count.
        collect_device: As in `BaseMetric`.
        prefix: As in `BaseMetric`.

    Raises:
        ValueError: If `dilation_ratio` is not positive.
    """

    def __init__(
        self,
        dilation_ratio: float = 0.02,
        ignore_index: int = 255,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix)
        self.ignore_index = ignore_index
        if dilation_ratio <= 0:
            raise ValueError(
                f"dilation_ratio of BoundaryIoUMetric is positive; got {dilation_ratio}"
            )
        self.dilation_ratio = dilation_ratio

    def measure(self, truth: _Mask, prediction: _Mask) -> Sequence[float]:
        """Count the pixels near both boundaries, and near one of them."""
        distance = max(1, round(self.dilation_ratio * math.hypot(*truth.shape)))
        near_truth, near_prediction = (
            boundary_region(mask, distance) for mask in (truth, prediction)
        )
        both = int((near_truth & near_prediction).sum())
        return both, int(near_truth.sum()) + int(near_prediction.sum()) - both

    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Count the pixels of a batch.

        Args:
            data_samples: With `gt_sem_seg` and `pred_sem_seg`.
        """
        return {"pixels": torch.stack(self.measures_of(data_samples)).sum(0)}

    def compute_values(self, sums: dict[str, Tensor]) -> dict[str, float]:
        """Compute the values.

        Args:
            sums: The `pixels` by class, `(num_classes, 2)`, as `measure` counts them.
        """
        common, union = sums["pixels"].unbind(1)
        values = common / union
        get_logger().info("%s", table_of(self.classes, {"BoundaryIoU": values}))
        return {"mBoundaryIoU": values.nanmean().item()}

    @classmethod
    def value_names(cls, **options: Any) -> list[str]:
        """Return the name of the value."""
        return ["mBoundaryIoU"]


@METRICS.register_module()
class HausdorffMetric(_MaskMetric):
    """How far apart the boundaries of prediction and truth are, in pixels; less is better.

    For each class of an image it is the larger one of two values: the distance within which
    `percentile` percent of the predicted boundary are from the true one, and the reverse. `HD95` is
    the mean over the images of a class, and then over the classes. A class that is in neither mask
    of an image is left out there; where one mask alone has it, the diagonal of the image counts.
    The values of each class go to the log.

    Distances are those of the Euclidean distance transform of SciPy. Source: Maier-Hein et al.,
    Metrics reloaded, 2024, https://arxiv.org/abs/2206.01653.

    Args:
        percentile: 95 leaves out single pixels far away; 100 is the Hausdorff distance itself.
        ignore_index: The true label of pixels that don't count.
        collect_device: As in `BaseMetric`.
        prefix: As in `BaseMetric`.

    Raises:
        ValueError: If `percentile` is not above 0, up to 100.
    """

    def __init__(
        self,
        percentile: float = 95,
        ignore_index: int = 255,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix)
        self.ignore_index = ignore_index
        if not 0 < percentile <= 100:
            raise ValueError(
                f"percentile of HausdorffMetric is above 0, up to 100; got {percentile}"
            )
        self.percentile = percentile

    def measure(self, truth: _Mask, prediction: _Mask) -> Sequence[float]:
        """Return the distance, which is NaN if no mask has a pixel."""
        if not truth.any() and not prediction.any():
            return (math.nan,)
        if not truth.any() or not prediction.any():
            return (math.hypot(*truth.shape),)
        lines = [boundary_line(mask) for mask in (truth, prediction)]
        return (max(self._directed(*lines), self._directed(*reversed(lines))),)

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Measure the masks of a batch.

        Args:
            data_batch: Not used.
            data_samples: With `gt_sem_seg` and `pred_sem_seg`.
        """
        self.results.extend(self.measures_of(data_samples))

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Compute the values.

        Args:
            results: For each image what `measure` returns, `(num_classes, 1)`.
        """
        name = f"HD{self.percentile:g}"
        values = torch.stack(results).nanmean(0).squeeze(1)
        get_logger().info("%s", table_of(self.classes, {name: values}))
        return {name: values.nanmean().item()}

    @classmethod
    def value_names(cls, percentile: float = 95, **options: Any) -> list[str]:
        """Return the name of the value."""
        return [f"HD{percentile:g}"]

    def _directed(self, start: _Mask, end: _Mask) -> float:
        """Return how far the pixels of one line are from the other."""
        from scipy import ndimage  # deferred: it takes half a second

        distances = ndimage.distance_transform_edt(~end)
        return float(np.percentile(distances[start], self.percentile))


def boundary_region(mask: _Mask, distance: int) -> _Mask:
    """Return the pixels of a mask that are near its boundary.

    Args:
        mask: The mask, `(H, W)`.
        distance: How near, in pixels; a diagonal step counts as one.
    """
    from scipy import ndimage  # deferred, as above

    inside = ndimage.minimum_filter(mask, 2 * distance + 1, mode="constant", cval=0)
    region: _Mask = mask & ~inside
    return region


def boundary_line(mask: _Mask) -> _Mask:
    """Return the pixels of a mask with a pixel outside beside, above or below them.

    Args:
        mask: The mask, `(H, W)`; what is beyond the edge of the image is outside.
    """
    from scipy import ndimage  # deferred, as above

    line: _Mask = mask & ~ndimage.binary_erosion(mask)
    return line
