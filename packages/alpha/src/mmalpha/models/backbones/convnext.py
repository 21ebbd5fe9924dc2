"""Convolutional networks after the manner of transformers.

A ConvNet for the 2020s, Liu et al., 2022, https://arxiv.org/abs/2201.03545. The names of the
parameters are those of timm; `mmalpha.models.TORCHVISION_CONVNEXT` maps those of torchvision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from engine.model import BaseModule, freeze_stages
from mmalpha.models.layers import MLP, DropPath, LayerNorm2d, drop_path_rates
from mmalpha.registry import MODELS

_EPS = 1e-6  # of the normalizations, as in the paper's code


class _Size(NamedTuple):
    """How large a network is: the blocks of each stage, and their channels."""

    depths: Sequence[int]
    channels: Sequence[int]


_ARCHITECTURES = {
    "atto": _Size((2, 2, 6, 2), (40, 80, 160, 320)),
    "femto": _Size((2, 2, 6, 2), (48, 96, 192, 384)),
    "pico": _Size((2, 2, 6, 2), (64, 128, 256, 512)),
    "nano": _Size((2, 2, 8, 2), (80, 160, 320, 640)),
    "tiny": _Size((3, 3, 9, 3), (96, 192, 384, 768)),
    "small": _Size((3, 3, 27, 3), (96, 192, 384, 768)),
    "base": _Size((3, 3, 27, 3), (128, 256, 512, 1024)),
    "large": _Size((3, 3, 27, 3), (192, 384, 768, 1536)),
    "xlarge": _Size((3, 3, 27, 3), (256, 512, 1024, 2048)),
}
CONVNEXTS = tuple(_ARCHITECTURES)


class ConvNeXtBlock(nn.Module):
    """A 7×7 convolution of each channel by itself and an MLP of each pixel, beside a shortcut.

    Args:
        channels: Channels that come in and go out.
        drop_path: The probability that an image goes without the block.
        layer_scale: The factor with which each channel of the block begins; 0 means none.
    """

    def __init__(self, channels: int, drop_path: float = 0.0, layer_scale: float = 1e-6) -> None:
        super().__init__()
        self.conv_dw: nn.Conv2d = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm: nn.LayerNorm = nn.LayerNorm(channels, _EPS)
        self.mlp: MLP = MLP(channels, 4 * channels)
        self.gamma: nn.Parameter | None = (
            nn.Parameter(torch.full((channels,), layer_scale)) if layer_scale else None
        )
        self.drop_path: DropPath = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, C, H, W)` to the same shape."""
        y = self.mlp(self.norm(self.conv_dw(x).permute(0, 2, 3, 1)))
        if self.gamma is not None:
            y = y * self.gamma
        summed: Tensor = x + self.drop_path(y.permute(0, 3, 1, 2))
        return summed


class ConvNeXtStage(nn.Module):
    """Blocks, and before them what halves height and width.

    Args:
        in_channels: Channels that come in.
        channels: Channels that go out.
        rates: For each block, the probability that an image goes without it.
        layer_scale: As in `ConvNeXtBlock`.
        halves: Whether height and width are halved.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        rates: Sequence[float],
        layer_scale: float,
        halves: bool,
    ) -> None:
        super().__init__()
        self.downsample: nn.Sequential = nn.Sequential()
        if halves:
            self.downsample.append(LayerNorm2d(in_channels, _EPS))
            self.downsample.append(nn.Conv2d(in_channels, channels, 2, 2))
        self.blocks: nn.Sequential = nn.Sequential(
            *(ConvNeXtBlock(channels, rate, layer_scale) for rate in rates)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map `(N, in_channels, H, W)` to `(N, channels, H / 2, W / 2)`."""
        y: Tensor = self.blocks(self.downsample(x))
        return y


@MODELS.register_module()
class ConvNeXt(BaseModule):
    """A ConvNeXt without its classifier.

    Args:
        arch: `'atto'`, `'femto'`, `'pico'`, `'nano'`, `'tiny'`, `'small'`, `'base'`, `'large'` or
            `'xlarge'`, or a dictionary of `depths` and `channels`, the blocks and channels of each
            stage.
        in_channels: Channels of the images.
        stem_stride: Height and width of the patches of the first convolution, in pixels.
        out_indices: The stages, from 0, whose maps are handed on.
        out_norm: Whether these maps are normalized, as dense prediction wants them; a classifier
            normalizes behind the pooling, see `norm` of `LinearClsHead`.
        drop_path_rate: The probability that an image goes without the last block; it grows from 0
            at the first.
        layer_scale: The factor with which each channel of a block begins; 0 means none.
        frozen_stages: The last stage that is frozen: 0 is the stem, -1 freezes nothing; see
            `engine.model.freeze_stages`.
        init_cfg: As in `BaseModule`.

    Raises:
        ValueError: If there is no such `arch`, or `out_indices` names no stage.
    """

    def __init__(
        self,
        arch: str | Mapping[str, Sequence[int]] = "tiny",
        in_channels: int = 3,
        stem_stride: int = 4,
        out_indices: Sequence[int] = (3,),
        out_norm: bool = False,
        drop_path_rate: float = 0.0,
        layer_scale: float = 1e-6,
        frozen_stages: int = -1,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(_INIT if init_cfg is None else init_cfg)
        size = _size_of(arch)
        count = len(size.depths)
        if not out_indices or not all(0 <= index < count for index in out_indices):
            raise ValueError(
                f"out_indices names stages from 0 to {count - 1}; got {tuple(out_indices)}"
            )
        self.out_indices: tuple[int, ...] = tuple(out_indices)
        self.out_channels: tuple[int, ...] = tuple(
            size.channels[index] for index in self.out_indices
        )

        first = size.channels[0]
        self.stem: nn.Sequential = nn.Sequential(
            nn.Conv2d(in_channels, first, stem_stride, stem_stride), LayerNorm2d(first, _EPS)
        )
        rates = drop_path_rates(drop_path_rate, sum(size.depths))
        self.stages: nn.Sequential = nn.Sequential()
        for index, (depth, channels) in enumerate(zip(size.depths, size.channels, strict=True)):
            before = size.channels[max(index - 1, 0)]
            own, rates = rates[:depth], rates[depth:]
            self.stages.append(ConvNeXtStage(before, channels, own, layer_scale, index > 0))
        self.out_norms: nn.ModuleDict = nn.ModuleDict(
            {str(index): LayerNorm2d(size.channels[index], _EPS) for index in self.out_indices}
            if out_norm
            else {}
        )
        self.register_load_state_dict_pre_hook(_flatten_weights)  # type: ignore[no-untyped-call]  # torch has no annotations here
        freeze_stages(self, frozen_stages)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Tell the order of the layers, as the models of timm do.

        Args:
            coarse: Whether a layer is a whole stage rather than a block of it.
        """
        blocks: list[tuple[str, tuple[int, ...] | None]] = [
            (r"^stages\.(\d+)\.downsample", (0,)),
            (r"^stages\.(\d+)\.blocks\.(\d+)", None),
        ]
        if coarse:
            blocks = [(r"^stages\.(\d+)", None)]
        return {"stem": r"^stem", "blocks": [*blocks, (r"^out_norms", (99999,))]}

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps of the stages that `out_indices` names.

        Args:
            x: Images `(N, in_channels, H, W)`.

        Returns:
            Maps `(N, C, H', W')`, one tensor for each entry of `out_indices`.
        """
        x = self.stem(x)
        maps = {}
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.out_indices:
                maps[index] = self.out_norms[str(index)](x) if self.out_norms else x
        return tuple(maps[index] for index in self.out_indices)


_INIT = dict(type="engine.TruncNormal", layer=["Linear", "Conv2d"], std=0.02)


def _flatten_weights(module: nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
    """Take the weights of 1×1 convolutions for linear layers, and scales `(C, 1, 1)` for `(C,)`.

    The smaller models of timm have the first, those of torchvision the second.
    """
    own = dict(module.named_parameters())
    for name, parameter in own.items():
        given = state_dict.get(prefix + name)
        if isinstance(given, Tensor) and given.shape == (*parameter.shape, 1, 1):
            state_dict[prefix + name] = given.flatten(-3)


def _size_of(arch: str | Mapping[str, Sequence[int]]) -> _Size:
    if isinstance(arch, str):
        if arch not in _ARCHITECTURES:
            raise ValueError(
                f"arch of a ConvNeXt is one of {', '.join(_ARCHITECTURES)}, or a dictionary of "
                f"depths and channels; got {arch!r}"
            )
        return _ARCHITECTURES[arch]
    if set(arch) != set(_Size._fields):
        raise ValueError(f"arch of a ConvNeXt has depths and channels; got {', '.join(arch)}")
    size = _Size(**arch)
    if len(size.depths) != len(size.channels) or not size.depths:
        raise ValueError(
            f"depths and channels of a ConvNeXt are as many; got {size.depths} and {size.channels}"
        )
    return size
