from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from engine.structures import PixelData
from mmbeta import SegDataSample
from mmbeta.models import CrossEntropyLoss, EncoderDecoder, FCNHead
from mmbeta.registry import MODELS

HEAD: dict[str, Any] = dict(
    type="FCNHead",
    in_channels=(4, 8, 16, 32),
    in_index=(0, 1, 2, 3),
    channels=8,
    num_convs=1,
    num_classes=3,
)
MODEL: dict[str, Any] = dict(
    type="EncoderDecoder",
    data_preprocessor=dict(type="ImgDataPreprocessor", mean=[32.0], std=[65.0]),
    backbone=dict(
        type="mmalpha.ResNet",
        depth=18,
        in_channels=1,
        base_channels=4,
        stem="cifar",
        strides=(2, 2, 2, 2),
        out_indices=(0, 1, 2, 3),
    ),
    decode_head=HEAD,
)


def built(**changes: Any) -> EncoderDecoder:
    model = MODELS.build({**MODEL, **changes})
    assert isinstance(model, EncoderDecoder)
    return model.eval()


def masked(*masks: Tensor) -> list[SegDataSample]:
    return [SegDataSample(gt_sem_seg=PixelData(data=mask)) for mask in masks]


def test_the_modes_agree() -> None:
    model, images = built(), torch.randn(2, 1, 32, 48)
    masks = torch.randint(3, (2, 32, 48), dtype=torch.uint8)
    logits = model(images)
    assert logits.shape == (2, 3, 32, 48)
    losses = model(images, masked(*masks), mode="loss")
    torch.testing.assert_close(losses["loss"], functional.cross_entropy(logits, masks.long()))
    predictions = model(images, masked(*masks), mode="predict")
    found = torch.cat([each.pred_sem_seg.data for each in predictions])
    assert torch.equal(found, logits.argmax(1))
    assert torch.equal(predictions[1].gt_sem_seg.data[0], masks[1])


def test_a_prediction_needs_no_data_samples() -> None:
    predictions = built()(torch.randn(2, 1, 32, 32), mode="predict")
    assert [each.pred_sem_seg.shape for each in predictions] == [(32, 32)] * 2


def test_a_mask_is_as_large_as_its_image_was_before_padding() -> None:
    model = built()
    samples = [SegDataSample(metainfo={"img_shape": size}) for size in ((32, 32), (20, 30))]
    images = [torch.zeros(1, 32, 32), torch.zeros(1, 20, 30)]
    predictions = model.test_step({"inputs": images, "data_samples": samples})
    assert [each.pred_sem_seg.shape for each in predictions] == [(32, 32), (20, 30)]


def test_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    model = built()
    model.init_weights()
    images = torch.rand(4, 1, 32, 32).round()
    samples = masked(*images[:, 0].byte())
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(20):
        loss = model.train()(images, samples, mode="loss")["loss"]
        losses.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]


def test_one_map_needs_no_joining() -> None:
    head = MODELS.build(dict(type="FCNHead", in_channels=6, channels=4, num_classes=2))
    feats = (torch.rand(2, 3, 8, 8), torch.rand(2, 6, 4, 4))
    assert head(feats).shape == (2, 2, 4, 4)


def test_maps_are_joined_in_the_size_of_the_first_chosen() -> None:
    head = FCNHead(in_channels=(6, 3), in_index=(1, 0), channels=4, num_classes=2)
    small, large = torch.rand(2, 6, 4, 4), torch.rand(2, 3, 8, 8)
    joined = head.concat((large, small))
    torch.testing.assert_close(joined[:, :6], small)
    torch.testing.assert_close(joined[:, 6:], functional.avg_pool2d(large, 2))


@pytest.mark.parametrize("num_convs", [1, 3])
def test_the_number_of_convolutions_counts(num_convs: int) -> None:
    head = FCNHead(4, num_convs, 5, in_channels=2, num_classes=3)
    convolutions = [each for each in head.modules() if isinstance(each, torch.nn.Conv2d)]
    assert [each.kernel_size for each in convolutions[1:]] == [(5, 5)] * num_convs
    assert head((torch.rand(2, 2, 6, 6),)).shape == (2, 3, 6, 6)


def test_the_loss_leaves_pixels_out() -> None:
    logits = torch.randn(2, 3, 4, 4)
    target = torch.randint(3, (2, 4, 4))
    target[:, 0] = 255
    expected = functional.cross_entropy(logits, target, ignore_index=255)
    torch.testing.assert_close(CrossEntropyLoss()(logits, target), expected)
    nothing = torch.full_like(target, 7)
    assert CrossEntropyLoss(ignore_index=7)(logits, nothing).item() == 0


def test_wrong_calls_are_told() -> None:
    model, images = built(), torch.zeros(1, 1, 32, 32)
    with pytest.raises(ValueError, match="mode is 'tensor', 'loss' or 'predict'; got 'train'"):
        model(images, mode="train")
    with pytest.raises(ValueError, match="a loss needs data_samples with their gt_sem_seg"):
        model(images, mode="loss")
    with pytest.raises(ValueError, match=r"the size of the images .* \(32, 32\); got \(30, 32\)"):
        model(images, masked(torch.zeros(30, 32)), mode="loss")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"in_channels": (4, 8)}, r"in_channels has one number for each map of in_index"),
        ({"num_convs": 0}, "num_convs of FCNDecoder is at least 1; got 0"),
        ({"kernel_size": 2}, "kernel_size of FCNDecoder is odd; got 2"),
    ],
)
def test_wrong_arguments_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        built(decode_head={**HEAD, **changes})
