"""Necks between a backbone and a decoder."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import DECODER_REGISTRY, MODEL_FACTORY_REGISTRY, NECK_REGISTRY
from engine.model import channels_of
from mmbeta.registry import MMBETA_NECK_REGISTRY

WIDTHS = [8, 8, 8, 8]
NECKS: dict[str, dict[str, Any]] = {
    "SelectIndices": dict(indices=[2, 0]),
    "PermuteDims": dict(new_order=[0, 1, 3, 2]),
    "InterpolateToPyramidal": {},
    "MaxpoolToPyramidal": {},
    "ReshapeTokensToImage": {},
    "AddBottleneckLayer": {},
    "LearnedInterpolateToPyramidal": {},
}
# A plain transformer of timm, so small that a test takes no time.
VIT = dict(img_size=128, depth=4, embed_dim=16, num_heads=2, out_indices=[0, 1, 2, 3])


def made(name: str, widths: list[int], **options: Any) -> Any:
    return NECK_REGISTRY.build(name, widths, **options)


def test_all_that_terratorch_documents_are_there() -> None:
    assert {f"mmbeta_{name}" for name in NECKS} == {*NECK_REGISTRY}


@pytest.mark.parametrize("name", NECKS)
def test_a_neck_tells_the_channels_that_it_gives(name: str) -> None:
    neck = made(name, WIDTHS, **NECKS[name])
    maps = neck([torch.rand(1, width, 8, 8) for width in WIDTHS])
    assert [each.shape[1] for each in maps] == channels_of(neck)


@given(st.integers(1, 5), st.integers(1, 3))
def test_pyramids_have_a_factor_between_their_maps(count: int, factor: int) -> None:
    side = 3**4
    maps = [torch.rand(1, 1, 2, 2) for _ in range(count)]
    larger = made("InterpolateToPyramidal", [1] * count, scale_factor=factor)(maps)
    assert [each.shape[-1] for each in larger] == [2 * factor**i for i in range(count)][::-1]
    assert torch.equal(larger[-1], maps[-1])
    maps = [torch.rand(1, 1, side, side) for _ in range(count)]
    smaller = made("MaxpoolToPyramidal", [1] * count, kernel_size=factor)(maps)
    assert [each.shape[-1] for each in smaller] == [side // factor**i for i in range(count)]
    assert torch.equal(smaller[0], maps[0])
    assert all(each.max() <= whole.max() for each, whole in zip(smaller, maps, strict=True))


def test_learned_interpolation_is_a_pyramid() -> None:
    neck = made("LearnedInterpolateToPyramidal", WIDTHS)
    maps = neck([torch.rand(2, 8, 4, 4) for _ in WIDTHS])
    assert [each.shape[1:] for each in maps] == [(2, 16, 16), (4, 8, 8), (8, 4, 4), (8, 2, 2)]


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.booleans())
def test_tokens_become_the_map_that_they_were_cut_from(
    times: int, rows: int, columns: int, has_cls: bool
) -> None:
    maps = torch.rand(2, 5, times, rows, columns)
    tokens = maps.permute(0, 2, 3, 4, 1).reshape(2, -1, 5)
    if has_cls:
        tokens = torch.cat([torch.zeros(2, 1, 5), tokens], 1)
    neck = made(
        "ReshapeTokensToImage", [5], remove_cls_token=has_cls, effective_time_dim=times, h=rows
    )
    (image,) = neck([tokens])
    assert neck.out_channels == [5 * times]
    assert torch.equal(image, maps.reshape(2, 5 * times, rows, columns))


def test_permuted_dimensions() -> None:
    neck = made("PermuteDims", [3], new_order=[0, 3, 1, 2])
    (first,) = neck([torch.zeros(1, 4, 5, 3)])
    assert first.shape == (1, 3, 4, 5)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SelectIndices", dict(indices=[4]), r"name some of 4 maps; got \[4\]"),
        ("PermuteDims", dict(new_order=[1, 2]), "names each dimension once"),
        ("InterpolateToPyramidal", dict(scale_factor=0), "scale_factor of .* is at least 1"),
        ("MaxpoolToPyramidal", dict(kernel_size=0), "kernel_size of .* is at least 1"),
        ("ReshapeTokensToImage", dict(h=0), "at least 1; got 1 and 0"),
    ],
)
def test_options_out_of_their_range(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(name, WIDTHS, **options)


def test_features_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="takes four maps; there are those of"):
        made("LearnedInterpolateToPyramidal", [8, 8])
    with pytest.raises(ValueError, match=r"6 tokens of patches .* as many rows as columns"):
        made("ReshapeTokensToImage", [2])([torch.zeros(1, 7, 2)])
    with pytest.raises(ValueError, match="a map of 2×2 can't be pooled by 4"):
        made("MaxpoolToPyramidal", [1] * 3)([torch.zeros(1, 1, 2, 2)] * 3)


def transformer(decoder: str, **options: Any) -> Any:
    options |= {f"backbone_{key}": value for key, value in VIT.items()}
    return MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory").build_model(
        backbone="timm_vit_tiny_patch16_224", decoder=decoder, num_classes=3, **options
    )


@pytest.mark.parametrize("decoder", [*DECODER_REGISTRY])
def test_a_plain_transformer_goes_under_every_decoder(decoder: str) -> None:
    model = transformer(decoder, necks=[dict(name="InterpolateToPyramidal")]).eval()
    assert model(torch.zeros(1, 3, 128, 128)).shape == (1, 3, 128, 128)


def test_without_a_neck_the_error_names_one() -> None:
    with pytest.raises(ValueError, match=r"half as high and wide .* as InterpolateToPyramidal"):
        transformer("smp_FPN").eval()(torch.zeros(1, 3, 128, 128))


class Tokens(torch.nn.Module):
    """A transformer that gives tokens, one for the image in front."""

    out_channels = (4, 4)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        count = (images.shape[-1] // 8) ** 2 + 1
        return [torch.ones(len(images), count, 4) * layer for layer in range(2)]


def test_a_backbone_of_tokens() -> None:
    factory = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory")
    necks = [dict(name="ReshapeTokensToImage"), dict(name="InterpolateToPyramidal")]
    model = factory.build_model(
        backbone=Tokens(), decoder="UNetDecoder", num_classes=2, necks=necks
    ).eval()
    maps = model.extract_feat(torch.zeros(1, 3, 32, 32))
    assert [each.shape for each in maps] == [(1, 4, 8, 8), (1, 4, 4, 4)]
    assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 2, 32, 32)
    bare = factory.build_model(backbone=Tokens(), decoder="FCNDecoder", num_classes=2)
    with pytest.raises(TypeError, match="of tokens the neck ReshapeTokensToImage makes maps"):
        bare(torch.zeros(1, 3, 32, 32))


class TheirNeck(torch.nn.Module):
    """A neck that tells its channels as those of TerraTorch do."""

    def __init__(self, channel_list: list[int]) -> None:
        super().__init__()

    def process_channel_list(self, channel_list: list[int]) -> list[int]:
        return channel_list[-1:]

    def forward(self, feats: list[torch.Tensor]) -> list[torch.Tensor]:
        return feats[-1:]


def test_a_neck_may_tell_its_channels_by_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MMBETA_NECK_REGISTRY.module_dict, "TheirNeck", TheirNeck)
    model = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory").build_model(
        backbone="mmalpha_resnet18",
        backbone_base_channels=4,
        decoder="FCNDecoder",
        num_classes=2,
        necks=[dict(name="TheirNeck")],
    )
    assert model.decode_head.widths == [32]
