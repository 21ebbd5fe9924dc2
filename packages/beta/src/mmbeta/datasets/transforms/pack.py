"""Packing of the results of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from engine.structures import PixelData
from mmbeta.registry import TRANSFORMS
from mmbeta.structures import SegDataSample


@TRANSFORMS.register_module()
class PackSegInputs:
    """Ends a pipeline: packs the image and its mask for a segmentor.

    Args:
        meta_keys: What else to hand on, as meta information, where a sample has it.
    """

    def __init__(
        self,
        meta_keys: Sequence[str] = ("img_path", "seg_map_path", "sample_idx", "ori_shape"),
    ) -> None:
        self.meta_keys: tuple[str, ...] = tuple(meta_keys)

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack `img`, a tensor `(C, H, W)`, and `gt_seg_map`, one of `(H, W)`.

        Returns:
            `inputs`, the image, and `data_samples`, a `SegDataSample` with `gt_sem_seg` where there
            is a mask, and the height and width of the image as `img_shape`. It has `gt_values`,
            numbers for each pixel `(C, H, W)` or `(H, W)`, `gt_label` and `gt_value` too, where
            they are there.
        """
        image = results["img"].contiguous()
        meta = {key: results[key] for key in self.meta_keys if key in results}
        sample = SegDataSample(metainfo=meta | {"img_shape": tuple(image.shape[-2:])})
        if "gt_seg_map" in results:
            sample.gt_sem_seg = PixelData(data=results["gt_seg_map"])
        if "gt_values" in results:
            sample.gt_values = PixelData(data=results["gt_values"])
        for key in ("gt_label", "gt_value"):
            if key in results:
                setattr(sample, key, torch.as_tensor(results[key]).reshape(-1))
        return {"inputs": image, "data_samples": sample}
