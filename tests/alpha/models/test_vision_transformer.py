from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engine.checkpoint import CheckpointError
from engine.model import load_state_dict
from mmalpha.models import VisionTransformer, resize_pos_embed

ARCH = dict(embed_dims=24, num_layers=3, num_heads=2)


def small(**changes: Any) -> VisionTransformer:
    model = VisionTransformer(**{"arch": ARCH, "img_size": 16, "patch_size": 4, **changes})
    model.init_weights()
    return model.eval()


@pytest.mark.parametrize(
    ("arch", "patch_size", "millions"),
    [
        ("tiny", 16, 5.52),
        ("small", 16, 21.67),
        ("base", 16, 85.80),
        ("large", 16, 303.30),
        ("huge", 14, 630.76),
    ],
)
def test_each_architecture_has_the_known_number_of_parameters(
    arch: str, patch_size: int, millions: float
) -> None:
    with torch.device("meta"):
        model = VisionTransformer(arch, patch_size=patch_size)
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.01)


def test_what_is_handed_on() -> None:
    images = torch.randn(2, 3, 16, 12)
    (token,) = small()(images)
    assert token.shape == (2, 24)
    maps = small(out_type="featmap", out_indices=(0, -1))(images)
    assert [each.shape for each in maps] == [(2, 24, 4, 3)] * 2
    assert small(out_indices=(0, 2)).out_channels == (24, 24)


def test_the_last_output_alone_is_normalized() -> None:
    model = small(out_type="featmap", out_indices=(1, 2))
    first, last = model(torch.randn(2, 3, 16, 16))
    ones = torch.ones(2, 4, 4)
    torch.testing.assert_close(last.var(1, correction=0), ones, rtol=0, atol=1e-3)
    assert not torch.allclose(first.var(1, correction=0), ones, rtol=0, atol=1e-3)


def test_the_patches_of_a_map_are_where_they_were() -> None:
    model = small(out_type="featmap", arch=dict(embed_dims=24, num_layers=1, num_heads=1))
    with torch.no_grad():
        model.pos_embed.zero_()
        for parameter in model.blocks.parameters():
            parameter.zero_()
    images = torch.zeros(1, 3, 16, 24)
    images[..., 4:8, 20:24] = 1
    (out,) = model(images)
    difference = (out - out[..., :1, :1]).abs().sum((0, 1))
    assert difference.nonzero().tolist() == [[1, 5]]


@given(st.integers(1, 6), st.integers(1, 6))
def test_an_even_embedding_stays_even(height: int, width: int) -> None:
    even = torch.ones(1, 1 + 3 * 4, 2)
    even[:, 0] = 7
    resized = resize_pos_embed(even, (3, 4), (height, width))
    expected = torch.ones(1, 1 + height * width, 2)
    expected[:, 0] = 7
    torch.testing.assert_close(resized, expected)
    assert resize_pos_embed(even, (3, 4), (3, 4)) is even


def test_weights_of_another_size_are_resized() -> None:
    source, model = small(img_size=32), small(img_size=16)
    load_state_dict(model, source.state_dict(), strict=True)
    expected = resize_pos_embed(source.pos_embed, (8, 8), (4, 4))
    torch.testing.assert_close(model.pos_embed, expected)
    again = small(img_size=16)
    again.load_state_dict(copy.deepcopy(source).state_dict())
    torch.testing.assert_close(again.pos_embed, expected)


def test_weights_of_another_width_are_an_error() -> None:
    wide = small(arch=dict(embed_dims=32, num_layers=3, num_heads=2), img_size=32)
    with pytest.raises(CheckpointError, match="other shape"):
        load_state_dict(small(), wide.state_dict(), strict=True)
    odd = small().state_dict()
    odd["pos_embed"] = odd["pos_embed"][:, :-1]
    with pytest.raises(CheckpointError, match=r"pos_embed \(1, 16, 24\), not \(1, 17, 24\)"):
        load_state_dict(small(), odd, strict=True)


def test_a_branch_is_left_out_in_training_alone() -> None:
    torch.manual_seed(0)
    model, images = small(drop_path_rate=0.9), torch.randn(1, 3, 16, 16).expand(8, -1, -1, -1)
    (out,) = model(images)
    assert torch.allclose(out, out[:1].expand_as(out), atol=1e-5)
    (out,) = model.train()(images)
    assert not torch.allclose(out, out[:1].expand_as(out), atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arch": "giant"}, "arch of a VisionTransformer is one of tiny, small, base, large, huge"),
        ({"arch": dict(depth=3)}, "has embed_dims, num_layers, num_heads; got depth"),
        (
            {"arch": dict(embed_dims=10, num_layers=1, num_heads=3)},
            "embed_dims is a multiple of num_heads; got 10 and 3",
        ),
        ({"img_size": 18}, "img_size is a multiple of patch_size; got 18×18 and 4"),
        ({"out_indices": (3,)}, r"out_indices names blocks from -3 to 2; got \(3,\)"),
        ({"out_type": "mean"}, "out_type is 'cls_token' or 'featmap'; got 'mean'"),
    ],
)
def test_wrong_arguments_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_images_that_are_no_whole_patches_are_told() -> None:
    with pytest.raises(ValueError, match="multiples of 4, the patch_size; got 16×18"):
        small()(torch.zeros(1, 3, 16, 18))


SMALL = dict(embed_dims=12, num_layers=1, num_heads=2)
sides = st.integers(1, 5)


@given(st.tuples(sides, sides), st.tuples(sides, sides), st.sampled_from(["vit", "deit3"]))
def test_a_grid_is_known_when_weights_are_loaded(
    old: tuple[int, int], new: tuple[int, int], variant: str
) -> None:
    saved, loaded = (
        VisionTransformer(SMALL, (8 * height, 8 * width), 8, variant=variant)
        for height, width in (old, new)
    )
    nn.init.normal_(saved.pos_embed)
    loaded.load_state_dict(saved.state_dict())
    expected = resize_pos_embed(saved.pos_embed, old, new, int(variant == "vit"))
    assert torch.equal(loaded.pos_embed, expected)


@given(sides, st.tuples(sides, sides))
def test_weights_of_others_are_of_square_images(side: int, new: tuple[int, int]) -> None:
    theirs = VisionTransformer(SMALL, 8 * side, 8)
    nn.init.normal_(theirs.pos_embed)
    mine = VisionTransformer(SMALL, (8 * new[0], 8 * new[1]), 8)
    mine.load_state_dict(dict(theirs.state_dict()))  # without what this class notes
    expected = resize_pos_embed(theirs.pos_embed, (side, side), new)
    assert torch.equal(mine.pos_embed, expected)
