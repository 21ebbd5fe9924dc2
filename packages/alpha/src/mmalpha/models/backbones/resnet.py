"""Residual networks.

Deep Residual Learning for Image Recognition, He et al., 2016, https://arxiv.org/abs/1512.03385.
The names of the parameters are those of torchvision, so that its weights load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.model import BaseModule, freeze_stages
from mmalpha.registry import MODELS


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut.

    Args:
        in_channels: Channels that come in.
        channels: Channels inside; `expansion` times as many go out.
        stride: Of the first convolution, in pixels.
        dilations: Of the first and of the second convolution, in pixels.
        avg_down: As in `ResNet`.
    """

    expansion = 1

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int = 1,
        dilations: tuple[int, int] = (1, 1),
        avg_down: bool = False,
    ) -> None:
        super().__init__()
        self.conv1: nn.Conv2d = _conv(in_channels, channels, 3, stride, dilations[0])
        self.bn1: nn.BatchNorm2d = nn.BatchNorm2d(channels)
        self.conv2: nn.Conv2d = _conv(channels, channels, 3, 1, dilations[1])
        self.bn2: nn.BatchNorm2d = nn.BatchNorm2d(channels)
        self.relu: nn.ReLU = nn.ReLU(inplace=True)
        self.downsample: nn.Sequential | None = _shortcut(
            in_channels, channels, stride, avg_down, dilations[1]
        )

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The normalization right before the sum."""
        return self.bn2

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, in_channels, H, W)` to `(N, channels, H / stride, W / stride)`."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return cast("Tensor", self.relu(y + (x if self.downsample is None else self.downsample(x))))


class Bottleneck(nn.Module):
    """A 3×3 convolution between two of 1×1, and a shortcut.

    The stride is that of the 3×3 convolution, as in torchvision ("ResNet v1.5").

    Args:
        in_channels: Channels that come in.
        channels: Channels inside; `expansion` times as many go out.
        stride: Of the middle convolution, in pixels.
        dilations: The first one is that of the middle convolution, in pixels, the second one that
            of the stage.
        avg_down: As in `ResNet`.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int = 1,
        dilations: tuple[int, int] = (1, 1),
        avg_down: bool = False,
    ) -> None:
        super().__init__()
        out_channels = channels * self.expansion
        self.conv1: nn.Conv2d = _conv(in_channels, channels, 1)
        self.bn1: nn.BatchNorm2d = nn.BatchNorm2d(channels)
        self.conv2: nn.Conv2d = _conv(channels, channels, 3, stride, dilations[0])
        self.bn2: nn.BatchNorm2d = nn.BatchNorm2d(channels)
        self.conv3: nn.Conv2d = _conv(channels, out_channels, 1)
        self.bn3: nn.BatchNorm2d = nn.BatchNorm2d(out_channels)
        self.relu: nn.ReLU = nn.ReLU(inplace=True)
        self.downsample: nn.Sequential | None = _shortcut(
            in_channels, out_channels, stride, avg_down, dilations[1]
        )

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The normalization right before the sum."""
        return self.bn3

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, in_channels, H, W)` to `(N, 4 * channels, H / stride, W / stride)`."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return cast("Tensor", self.relu(y + (x if self.downsample is None else self.downsample(x))))


_ARCHITECTURES: dict[int, tuple[type[BasicBlock | Bottleneck], tuple[int, ...]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}
DEPTHS = tuple(_ARCHITECTURES)


# With fewer, the shortcuts' strided 1×1 convolutions write past the end of a buffer when they are
# trained on a CPU: https://github.com/uxlfoundation/oneDNN/issues/6035.
_NHWC_WIDTH = 16
_INIT = dict(type="engine.Kaiming", layer="Conv2d")


@MODELS.register_module()
class ResNet(BaseModule):
    """A residual network without its classifier.

    Args:
        depth: 18, 34, 50, 101 or 152.
        in_channels: Channels of the images.
        stem_channels: Channels after the stem; None means `base_channels`.
        base_channels: Channels inside the blocks of the first stage; they double at each stage.
        num_stages: How many stages to build, at most 4.
        strides: Of each stage, in pixels.
        dilations: Of each stage, in pixels; None means 1. A stage begins with that of the one
            before, as in torchvision and timm.
        out_indices: The stages, from 0, whose maps are handed on.
        stem: `'imagenet'` is a 7×7 convolution of stride 2 and a max-pooling of stride 2, `'deep'`
            has three 3×3 convolutions in place of that of 7×7, and `'cifar'`, for small images,
            is a 3×3 convolution of stride 1.
        avg_down: Whether shortcuts average where they halve the map, or would without dilation,
            before a 1×1 convolution of stride 1. With the deep stem that is the `d` variant (He et
            al., Bag of Tricks, 2019).
        frozen_stages: The last stage that is frozen: 0 is the stem, -1 freezes nothing; see
            `engine.model.freeze_stages`.
        norm_eval: Whether the normalizations keep their running statistics in training too.
        zero_init_residual: Whether each block begins as the identity (Goyal et al., 2017).
        channels_last: Whether to compute in the memory layout NHWC, which is about twice as fast
            on CPUs, and faster on GPUs with mixed precision. It needs 16 channels from the stem on.
        init_cfg: As in `BaseModule`; None means the initialization of the paper.

    Attributes:
        out_channels: The channels of each map that is handed on.

    Raises:
        ValueError: If an argument is out of its range, or the lengths don't fit together.
    """

    def __init__(
        self,
        depth: int,
        in_channels: int = 3,
        stem_channels: int | None = None,
        base_channels: int = 64,
        num_stages: int = 4,
        strides: Sequence[int] = (1, 2, 2, 2),
        dilations: Sequence[int] | None = None,
        out_indices: Sequence[int] = (3,),
        stem: Literal["imagenet", "deep", "cifar"] = "imagenet",
        avg_down: bool = False,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        zero_init_residual: bool = False,
        channels_last: bool = False,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            dict(type="engine.Kaiming", layer="Conv2d") if init_cfg is None else init_cfg
        )
        dilations = (1,) * num_stages if dilations is None else dilations
        _check(depth, num_stages, strides, dilations, out_indices, stem)
        block, counts = _ARCHITECTURES[depth]
        self.out_indices: tuple[int, ...] = tuple(out_indices)
        self.zero_init_residual = zero_init_residual
        self.channels_last = channels_last

        channels = base_channels if stem_channels is None else stem_channels
        if channels_last and min(channels, base_channels) < _NHWC_WIDTH:
            raise ValueError(
                f"channels_last needs stem_channels and base_channels of at least {_NHWC_WIDTH}; "
                f"got {channels} and {base_channels}"
            )
        self.conv1: nn.Module = _stem(stem, in_channels, channels)
        self.bn1: nn.BatchNorm2d = nn.BatchNorm2d(channels)
        self.relu: nn.ReLU = nn.ReLU(inplace=True)
        self.maxpool: nn.Module = nn.Identity() if stem == "cifar" else nn.MaxPool2d(3, 2, 1)
        outs = []
        for stage, dilation in enumerate(dilations):
            width = base_channels * 2**stage
            former = dilations[max(stage - 1, 0)]
            layer = [block(channels, width, strides[stage], (former, dilation), avg_down)]
            channels = width * block.expansion
            layer += [
                block(channels, width, dilations=(dilation, dilation))
                for _ in range(counts[stage] - 1)
            ]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*layer))
            outs.append(channels)
        self.out_channels: tuple[int, ...] = tuple(outs[index] for index in self.out_indices)
        if channels_last:
            self.to(memory_format=torch.channels_last)
        freeze_stages(self, frozen_stages, norm_eval)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Tell the order of the layers, as the models of timm do.

        Args:
            coarse: Whether a layer is a whole stage rather than a block of it.
        """
        return {
            "stem": r"^(?:conv1|bn1)\b",
            "blocks": r"^layer(\d+)" if coarse else r"^layer(\d+)\.(\d+)",
        }

    def init_weights(self) -> None:
        """Initialize the weights once."""
        was_init = self.is_init
        super().init_weights()
        if self.zero_init_residual and not was_init:
            for module in self.modules():
                if isinstance(module, BasicBlock | Bottleneck):
                    nn.init.zeros_(module.last_norm.weight)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps of the stages that `out_indices` names.

        Args:
            x: Images `(N, in_channels, H, W)`.

        Returns:
            Maps `(N, C, H', W')`, one tensor for each entry of `out_indices`.
        """
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        maps = {}
        for stage in range(max(self.out_indices) + 1):
            x = self.get_submodule(f"layer{stage + 1}")(x)
            maps[stage] = x
        return tuple(maps[index] for index in self.out_indices)


def _conv(
    in_channels: int, out_channels: int, size: int, stride: int = 1, dilation: int = 1
) -> nn.Conv2d:
    padding = dilation * (size // 2)
    return nn.Conv2d(in_channels, out_channels, size, stride, padding, dilation, bias=False)


def _stem(stem: str, in_channels: int, channels: int) -> nn.Module:
    if stem != "deep":
        return _conv(in_channels, channels, *((7, 2) if stem == "imagenet" else (3, 1)))
    half = channels // 2
    first = (_conv(in_channels, half, 3, 2), nn.BatchNorm2d(half), nn.ReLU(inplace=True))
    second = (_conv(half, half, 3), nn.BatchNorm2d(half), nn.ReLU(inplace=True))
    return nn.Sequential(*first, *second, _conv(half, channels, 3))


class _AvgPoolSame(nn.Module):
    """The mean of each 2×2 pixels, with zeros behind the edge, in the size of the map; as timm."""

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, C, H, W)` to the same shape."""
        return functional.avg_pool2d(functional.pad(x, (0, 1, 0, 1)), 2, 1)


def _shortcut(
    in_channels: int, out_channels: int, stride: int, avg_down: bool, dilation: int
) -> nn.Sequential | None:
    if stride == 1 and in_channels == out_channels:
        return None
    norm = nn.BatchNorm2d(out_channels)
    if not avg_down:
        return nn.Sequential(_conv(in_channels, out_channels, 1, stride), norm)
    pool: nn.Module = nn.Identity()
    if stride > 1:
        pool = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
    elif dilation > 1:
        pool = _AvgPoolSame()
    return nn.Sequential(pool, _conv(in_channels, out_channels, 1), norm)


def _check(
    depth: int,
    num_stages: int,
    strides: Sequence[int],
    dilations: Sequence[int],
    out_indices: Sequence[int],
    stem: str,
) -> None:
    if depth not in _ARCHITECTURES:
        raise ValueError(f"depth of a ResNet is one of {[*_ARCHITECTURES]}; got {depth}")
    if not 1 <= num_stages <= 4:
        raise ValueError(f"num_stages is 1 to 4; got {num_stages}")
    for name, values in (("strides", strides), ("dilations", dilations)):
        if len(values) != num_stages:
            raise ValueError(
                f"{name} has one entry for each of the {num_stages} stages; got {tuple(values)}"
            )
    if not out_indices or not all(0 <= index < num_stages for index in out_indices):
        raise ValueError(
            f"out_indices names stages from 0 to {num_stages - 1}; got {tuple(out_indices)}"
        )
    if stem not in ("imagenet", "deep", "cifar"):
        raise ValueError(f"stem is 'imagenet', 'deep' or 'cifar'; got {stem!r}")
