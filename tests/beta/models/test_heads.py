"""Decode heads, auxiliary heads and several losses."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.structures import BaseDataElement, PixelData
from mmbeta.models import EncoderDecoder
from mmbeta.registry import MODELS
from mmbeta.structures import SegDataSample

WIDTHS = (4, 8, 16, 32)
HEADS: dict[str, dict[str, Any]] = {
    "FCNHead": dict(in_index=None, channels=6),
    "UPerHead": dict(channels=6, pool_scales=(1, 2)),
    "DeepLabV3PlusHead": dict(channels=6, low_channels=3, dilations=(1, 2)),
    "SegformerHead": dict(channels=6),
    "UNetHead": dict(channels=6),
    "NamedDecodeHead": dict(decoder="smp_FPN", decoder_args=dict(pyramid_channels=8)),
}


def maps(side: int = 16) -> tuple[Tensor, ...]:
    return tuple(
        torch.rand(2, width, side >> level, side >> level) for level, width in enumerate(WIDTHS)
    )


@pytest.mark.parametrize("name", HEADS)
def test_a_head_takes_the_maps_of_a_backbone(name: str) -> None:
    cfg = dict(type=name, num_classes=3, map_channels=WIDTHS, **HEADS[name])
    head: Any = MODELS.build(cfg)
    feats = maps()
    logits = head.logits(feats, (64, 60))
    assert logits.shape == (2, 3, 64, 60)
    torch.autograd.backward(head.loss(logits, torch.randint(3, (2, 64, 60)))["loss"])
    assert [key for key, each in head.named_parameters() if each.grad is None] == []
    told: Any = MODELS.build(
        dict(cfg, map_channels=None, in_channels=[WIDTHS[index] for index in head.in_index])
        | dict(in_index=[*head.in_index])
    )
    told.load_state_dict(head.state_dict())
    torch.testing.assert_close(told.eval()(feats), head.eval()(feats))


def test_a_name_that_no_source_has_is_told() -> None:
    with pytest.raises(KeyError, match="smp_Unett"):
        MODELS.build(
            dict(type="NamedDecodeHead", decoder="smp_Unett", num_classes=2, in_channels=WIDTHS)
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "FCNHead needs in_channels, since its backbone does not tell"),
        (dict(map_channels=(4, 8), in_index=2), r"in_index \[2\] names a map that"),
        (
            dict(in_channels=4, loss=[dict(type="DiceLoss"), dict(type="DiceLoss")]),
            "each loss of FCNHead needs a loss_name of its own",
        ),
    ],
)
def test_wrong_heads_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type="FCNHead", channels=4, num_classes=2, **changes))


class _Maps(nn.Module):
    """Four maps of one convolution."""

    out_channels = WIDTHS

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(1, width, 1) for width in WIDTHS)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(conv(images[..., :: 2**i, :: 2**i]) for i, conv in enumerate(self.convs))


def _segmentor(**changes: Any) -> EncoderDecoder:
    head = dict(
        type="FCNHead",
        in_index=None,
        channels=4,
        num_classes=3,
        dropout_ratio=0.0,
        loss=[dict(type="CrossEntropyLoss"), dict(type="DiceLoss", loss_weight=0.5)],
    )
    return EncoderDecoder(_Maps(), head, **changes)


def _samples(side: int = 16) -> list[SegDataSample]:
    return [
        SegDataSample(gt_sem_seg=PixelData(data=torch.randint(3, (1, side, side))))
        for _ in range(2)
    ]


def test_the_losses_of_all_heads_count_by_their_names() -> None:
    aux = dict(type="FCNHead", in_index=1, channels=4, num_classes=3)
    images, samples = torch.rand(2, 1, 16, 16), _samples()
    alone = _segmentor()(images, samples, "loss")
    assert set(alone) == {"loss_ce", "loss_dice"}
    one = _segmentor(auxiliary_head=aux)(images, samples, "loss")
    assert set(one) == {"decode.loss_ce", "decode.loss_dice", "aux.loss"}
    two = _segmentor(auxiliary_head=[aux, dict(aux, in_index=0)])(images, samples, "loss")
    assert set(two) - set(one) == {"aux_0.loss", "aux_1.loss"}


def test_a_validation_reports_the_loss_of_a_training() -> None:
    model = _segmentor(val_loss=True).eval()
    images, samples = torch.rand(2, 1, 16, 16), _samples()
    *told, last = model(images, samples, "predict")
    assert len(told) == 2
    assert isinstance(last, BaseDataElement)
    expected = model(images, samples, "loss")
    torch.testing.assert_close(last.loss["loss_ce"], expected["loss_ce"])
    assert len(model(images, None, "predict")) == 2


def test_a_mask_has_the_size_that_its_image_had_at_first() -> None:
    sample = SegDataSample(metainfo=dict(img_shape=(12, 16), ori_shape=(24, 32)))
    (told,) = _segmentor().eval()(torch.rand(1, 1, 16, 16), [sample], "predict")
    assert told.pred_sem_seg.data.shape == (1, 24, 32)
