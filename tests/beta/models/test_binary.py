"""Binary segmentation by one logit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.structures import PixelData
from mmbeta import SegDataSample
from mmbeta.metrics import IoUMetric
from mmbeta.models import EncoderDecoder
from mmbeta.registry import MODELS


class Pixels(nn.Module):
    """A backbone whose one map is the image."""

    out_channels = (1,)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x,)


def model(**head: Any) -> Any:
    cfg = dict(type="FCNHead", channels=4, num_classes=1, dropout_ratio=0.0, **head)
    built = EncoderDecoder(Pixels(), MODELS.build(cfg, default_args={"map_channels": (1,)}))
    built.init_weights()
    return built


def sample(mask: Tensor) -> SegDataSample:
    made = SegDataSample()
    made.gt_sem_seg = PixelData(data=mask)
    return made


@pytest.mark.parametrize(
    "loss", [None, [dict(type="CrossEntropyLoss"), dict(type="DiceLoss")], dict(type="FocalLoss")]
)
def test_one_logit_learns_both_classes(loss: Any) -> None:
    torch.manual_seed(0)
    built = model(loss=loss)
    mask = torch.zeros(1, 8, 8, dtype=torch.uint8)
    mask[:, :, 4:] = 1
    images = mask[None].float().repeat(2, 1, 1, 1) - 0.5
    samples = [sample(mask), sample(mask)]
    optimizer = torch.optim.Adam(built.parameters(), 0.05)
    for _ in range(40):
        optimizer.zero_grad()
        sum(built(images, samples, "loss").values()).backward()
        optimizer.step()
    built.eval()
    predicted = built(images, samples, "predict")
    assert torch.equal(predicted[0].pred_sem_seg.data, mask.long())
    metric = IoUMetric()
    metric.dataset_meta = dict(classes=("background", "crack"))
    metric.process(None, [each.to_dict() for each in predicted])
    assert metric.evaluate(2) == {"mIoU": 1.0, "mAcc": 1.0, "aAcc": 1.0}


@pytest.mark.parametrize(("threshold", "labels"), [(0.5, [0, 1, 1]), (0.8, [0, 0, 1])])
def test_the_threshold_says_from_which_probability_on_it_is_the_class(
    threshold: float, labels: list[int]
) -> None:
    logits = torch.tensor([[[-1.0, 1.0, 2.0]]])
    assert model(threshold=threshold).decode_head.labels(logits).tolist() == [[labels]]


def test_wrong_numbers_are_told() -> None:
    with pytest.raises(ValueError, match="threshold is a probability between 0 and 1; got 1"):
        model(threshold=1)
    with pytest.raises(ValueError, match="num_classes is at least 1; got 0"):
        MODELS.build(dict(type="FCNHead", channels=4, num_classes=0, in_channels=1))


@pytest.mark.parametrize("head", ["UPerHead", "DeepLabV3PlusHead"])
def test_a_training_batch_of_one_says_what_to_do(head: str) -> None:
    cfg = dict(type=head, channels=4, num_classes=2, in_channels=(2, 3), in_index=(0, 1))
    built = MODELS.build(cfg)
    maps = [torch.randn(1, 2, 8, 8), torch.randn(1, 3, 8, 8)]
    with pytest.raises(
        ValueError, match="training batch of 1 image: set batch_size to 2 or more, "
    ):
        built(maps)
    assert built([each.repeat(2, 1, 1, 1) for each in maps]).shape[:2] == (2, 2)
    assert built.eval()(maps).shape[:2] == (1, 2)
