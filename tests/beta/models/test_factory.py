"""Segmentation models from names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine.registry import DECODER_REGISTRY, MODEL_FACTORY_REGISTRY, NECK_REGISTRY
from engine.structures import PixelData
from mmbeta import SegDataSample
from mmbeta.models import EncoderDecoder, FCNDecoder, NamedBackbone
from mmbeta.registry import MODELS

Probe = Callable[[str], str]

# Small models, so that a test takes no time.
BACKBONES: dict[str, dict[str, Any]] = {
    "mmalpha_resnet18": dict(in_channels=1, base_channels=4),
    "timm_resnet18": dict(in_chans=1, channels=(4, 8, 16, 32)),
    "timm_swin_tiny_patch4_window7_224": dict(
        in_chans=1, img_size=64, embed_dim=12, depths=(1, 1, 1, 1), window_size=2
    ),
    "transformers_resnet": dict(
        num_channels=1, hidden_sizes=[4, 8, 16, 32], depths=[1] * 4, embedding_size=4
    ),
}
DECODERS: dict[str, dict[str, Any]] = {
    "mmbeta_FCNDecoder": dict(channels=8),
    "smp_Unet": {},
    "smp_UPerNet": dict(decoder_channels=8),
}


def built(backbone: str, decoder: str, **options: Any) -> EncoderDecoder:
    options |= {f"backbone_{key}": value for key, value in BACKBONES[backbone].items()}
    options |= {f"decoder_{key}": value for key, value in DECODERS[decoder].items()}
    factory = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory")
    model: EncoderDecoder = factory.build_model(
        backbone=backbone, decoder=decoder, num_classes=3, **options
    )
    return model


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_model_of_any_two_sources_learns(backbone: str, decoder: str) -> None:
    torch.manual_seed(0)
    model = built(backbone, decoder, head_dropout_ratio=0.0)
    model.init_weights()
    images = torch.zeros(2, 1, 64, 64)
    images[..., 32:] = 1
    samples = [SegDataSample(gt_sem_seg=PixelData(data=each)) for each in images.byte()]
    assert model(images).shape == (2, 3, 64, 64)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(6):
        loss = model(images, samples, mode="loss")["loss"]
        losses.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        assert all(each.grad is not None for each in model.decode_head.parameters())
        optimizer.step()
    assert losses[-1] < losses[0]
    predictions = model(images, mode="predict")
    assert [each.pred_sem_seg.shape for each in predictions] == [(64, 64)] * 2


def test_necks_stand_between() -> None:
    model = built(
        "mmalpha_resnet18",
        "mmbeta_FCNDecoder",
        necks=[dict(name="SelectIndices", indices=[2, 0])],
        decoder_in_index=0,
        head_dropout_ratio=0.5,
    )
    assert model.decode_head.decoder.convs[0].in_channels == 16
    assert model.decode_head.dropout.p == 0.5
    assert model(torch.zeros(2, 1, 64, 64)).shape == (2, 3, 64, 64)


def test_the_same_parts_from_configs() -> None:
    model = MODELS.build(
        dict(
            type="EncoderDecoder",
            backbone=dict(type="NamedBackbone", name="resnet18", base_channels=4),
            decode_head=dict(
                type="NamedDecodeHead",
                decoder="FCNDecoder",
                in_channels=[4, 8, 16, 32],
                num_classes=2,
                decoder_args=dict(channels=4),
            ),
        )
    )
    assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 2, 64, 64)


def test_a_backbone_that_tells_no_channels() -> None:
    with pytest.raises(TypeError, match="timm_resnet18 can't serve as a backbone of feature maps"):
        NamedBackbone("timm_resnet18", features_only=False)


def test_wrong_calls_are_told() -> None:
    with pytest.raises(TypeError, match="no argument 'bakbone_depth'; those of the parts begin"):
        built("mmalpha_resnet18", "smp_Unet", bakbone_depth=3)
    factory = MODEL_FACTORY_REGISTRY.build("mmbeta_EncoderDecoderFactory")
    with pytest.raises(KeyError, match="Model timm_resnt18 could not be instantiated"):
        factory.build_model(backbone="timm_resnt18", decoder="FCNDecoder", num_classes=2)


def test_the_decoder() -> None:
    decoder = DECODER_REGISTRY.build("FCNDecoder", [2, 4], channels=6, num_convs=3, in_index=0)
    assert isinstance(decoder, FCNDecoder)
    assert decoder.out_channels == 6
    assert decoder([torch.zeros(2, 2, 8, 8), torch.zeros(2, 4, 4, 4)]).shape == (2, 6, 8, 8)
    with pytest.raises(ValueError, match="num_convs of FCNDecoder is at least 1; got 0"):
        FCNDecoder([2], num_convs=0)


def test_the_neck() -> None:
    neck: Any = NECK_REGISTRY.build("SelectIndices", [2, 4, 8], indices=[2, 0])
    maps = [torch.zeros(1, width, 2, 2) for width in (2, 4, 8)]
    assert neck.out_channels == [8, 2]
    assert [each.shape[1] for each in neck(maps)] == [8, 2]


def test_mmbeta_imports_no_other_library_for_it(probe_with_torch: Probe) -> None:
    code = (
        "import sys; from mmbeta.models import EncoderDecoderFactory;"
        "print('mmalpha' in sys.modules, 'timm' in sys.modules);"
        "EncoderDecoderFactory().build_model(backbone='resnet18', decoder='FCNDecoder',"
        " num_classes=2); print('mmalpha' in sys.modules, 'timm' in sys.modules)"
    )
    assert probe_with_torch(code).split() == ["False", "False", "True", "False"]
