"""Images on their way to a model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.model import BaseDataPreprocessor, ImgDataPreprocessor, stack_batch
from engine.registry import MODELS


def image(height: int, width: int, start: int = 0) -> Tensor:
    """A BGR image of bytes."""
    return (torch.arange(start, start + 3 * height * width) % 256).byte().view(3, height, width)


def test_images_are_normalized_by_channel() -> None:
    preprocess = ImgDataPreprocessor(mean=[1, 2, 3], std=(2, 4, 8))
    images = [image(2, 2), image(2, 2, 50)]
    for given_ in (images, tuple(images), torch.stack(images)):
        batch = preprocess({"inputs": given_, "data_samples": ["a", "b"]})
        assert batch["data_samples"] == ["a", "b"]
        assert batch["inputs"].dtype == torch.float32
        for n in range(2):
            for channel, (mean, std) in enumerate(((1, 2), (2, 4), (3, 8))):
                expected = (images[n][channel].float() - mean) / std
                assert torch.equal(batch["inputs"][n, channel], expected)


@pytest.mark.parametrize("option", ["bgr_to_rgb", "rgb_to_bgr"])
def test_the_order_of_the_channels_is_reversed_before_the_mean_counts(option: str) -> None:
    options: dict[str, Any] = {option: True}
    preprocess = ImgDataPreprocessor(mean=[0, 0, 100], std=[1, 1, 1], **options)
    one = image(1, 1, 7)
    assert preprocess({"inputs": [one]})["inputs"].flatten().tolist() == [9, 8, 7 - 100]
    assert one.flatten().tolist() == [7, 8, 9]


def test_images_of_several_sizes_are_padded_after_normalization() -> None:
    preprocess = ImgDataPreprocessor(mean=[1] * 3, std=[2] * 3, pad_size_divisor=4, pad_value=-7)
    inputs = preprocess({"inputs": [image(2, 3), image(5, 1)]})["inputs"]
    assert inputs.shape == (2, 3, 8, 4)
    expected = torch.full((2, 3, 8, 4), -7.0)
    expected[0, :, :2, :3] = (image(2, 3).float() - 1) / 2
    expected[1, :, :5, :1] = (image(5, 1).float() - 1) / 2
    assert torch.equal(inputs, expected)


def test_a_stacked_batch_is_padded_too() -> None:
    preprocess = ImgDataPreprocessor(pad_size_divisor=4, pad_value=1.5)
    inputs = preprocess({"inputs": image(3, 4)[None]})["inputs"]
    assert inputs.shape == (1, 3, 4, 4)
    assert torch.equal(inputs[0, :, :3], image(3, 4).float())
    assert inputs[0, :, 3].unique().tolist() == [1.5]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4),
    st.integers(1, 5),
)
def test_padding_loses_nothing_and_is_as_small_as_the_divisor_lets_it(
    sizes: list[tuple[int, int]], divisor: int
) -> None:
    images = [torch.rand(2, *size) for size in sizes]
    batch = stack_batch(images, divisor, pad_value=2.0)
    for side, largest in zip(batch.shape[2:], map(max, *sizes, (0, 0)), strict=True):
        assert side % divisor == 0
        assert 0 <= side - largest < divisor
    for one, padded in zip(images, batch, strict=True):
        height, width = one.shape[1:]
        assert torch.equal(padded[:, :height, :width], one)
        assert (padded == 2.0).sum() == padded.numel() - one.numel()


def test_mistakes() -> None:
    with pytest.raises(ValueError, match=r"mean and std go together; got mean=\[1\], std=None"):
        ImgDataPreprocessor(mean=[1])
    with pytest.raises(ValueError, match="bgr_to_rgb and rgb_to_bgr undo each other"):
        ImgDataPreprocessor(bgr_to_rgb=True, rgb_to_bgr=True)
    preprocess = MODELS.build({"type": "ImgDataPreprocessor"})
    with pytest.raises(TypeError, match="inputs is a tensor or a list of tensors; got str"):
        preprocess({"inputs": "x"})


def test_mean_and_std_are_for_as_many_channels() -> None:
    preprocess = ImgDataPreprocessor(mean=[1, 2, 3], std=[1, 1, 1])
    with pytest.raises(ValueError, match="mean and std are for 3 channels; the images have 1"):
        preprocess({"inputs": torch.zeros(2, 1, 4, 4)})


@pytest.mark.parametrize("mean", [None, [1, 2, 3]])
def test_buffers_are_those_of_the_images_alone(mean: list[float] | None) -> None:
    preprocess = ImgDataPreprocessor(mean, mean)
    assert [name for name, _ in preprocess.named_buffers()] == (["mean", "std"] if mean else [])
    assert not [*BaseDataPreprocessor().buffers()]
    assert not preprocess.state_dict()
    for moved in (preprocess.to("meta"), BaseDataPreprocessor().to_empty(device="meta")):
        assert moved.device == torch.device("meta")
        assert moved.cast_data(torch.zeros(1)).is_meta
