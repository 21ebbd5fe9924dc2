from __future__ import annotations

import pytest
import torch

from engine.structures import PixelData
from mmbeta import SegDataSample


def test_a_mask_is_pixel_data() -> None:
    mask = PixelData(data=torch.zeros(4, 5))
    sample = SegDataSample(gt_sem_seg=mask)
    sample.pred_sem_seg = mask
    assert sample.gt_sem_seg.shape == sample.pred_sem_seg.shape == (4, 5)
    assert sorted(sample.keys()) == ["gt_sem_seg", "pred_sem_seg"]


@pytest.mark.parametrize("name", ["gt_sem_seg", "pred_sem_seg"])
def test_a_bare_tensor_is_no_mask(name: str) -> None:
    with pytest.raises(TypeError, match=f"SegDataSample.{name} must be a PixelData"):
        setattr(SegDataSample(), name, torch.zeros(4, 5))


def test_a_metric_sees_plain_fields() -> None:
    sample = SegDataSample(gt_sem_seg=PixelData(data=torch.ones(1, 2, 2)))
    assert torch.equal(sample.to_dict()["gt_sem_seg"]["data"], torch.ones(1, 2, 2))
