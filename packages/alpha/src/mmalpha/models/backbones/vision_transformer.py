"""Vision transformers.

An Image is Worth 16x16 Words, Dosovitskiy et al., 2021, https://arxiv.org/abs/2010.11929. The names
of the parameters are those of timm; `mmalpha.models.TORCHVISION_VIT` maps those of torchvision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.model import BaseModule
from mmalpha.models.layers import MLP, DropPath, drop_path_rates
from mmalpha.registry import MODELS

_EPS = 1e-6  # of the normalizations, as in the paper's code


class _Size(NamedTuple):
    """How large a transformer is."""

    embed_dims: int
    num_layers: int
    num_heads: int


_ARCHITECTURES = {
    "tiny": _Size(192, 12, 3),
    "small": _Size(384, 12, 6),
    "base": _Size(768, 12, 12),
    "large": _Size(1024, 24, 16),
    "huge": _Size(1280, 32, 16),
}


class Attention(nn.Module):
    """Self-attention with several heads.

    Args:
        channels: Channels of a token.
        num_heads: The number of heads.
        drop_rate: The probability of the dropout at the end.
    """

    def __init__(self, channels: int, num_heads: int, drop_rate: float = 0.0) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.drop = nn.Dropout(drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens `(N, L, C)` to the same shape."""
        count, length, channels = x.shape
        shape = (count, length, 3, self.num_heads, channels // self.num_heads)
        query, key, value = self.qkv(x).reshape(shape).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(query, key, value)
        return cast("Tensor", self.drop(self.proj(y.transpose(1, 2).reshape(x.shape))))


class EncoderBlock(nn.Module):
    """Attention and an MLP, each behind a normalization and beside a shortcut.

    Args:
        size: How large the transformer is.
        drop_rate: As in `VisionTransformer`.
        drop_path: The probability that an image goes without a branch.
    """

    def __init__(self, size: _Size, drop_rate: float, drop_path: float) -> None:
        super().__init__()
        channels = size.embed_dims
        self.norm1 = nn.LayerNorm(channels, _EPS)
        self.attn = Attention(channels, size.num_heads, drop_rate)
        self.norm2 = nn.LayerNorm(channels, _EPS)
        self.mlp = MLP(channels, 4 * channels, drop_rate)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens `(N, L, C)` to the same shape."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return cast("Tensor", x + self.drop_path(self.mlp(self.norm2(x))))


@MODELS.register_module()
class VisionTransformer(BaseModule):
    """A transformer over the patches of an image, without its classifier.

    The position embedding is resized to images of another size than `img_size`, and weights of
    another size are resized when they are loaded.

    Args:
        arch: `'tiny'`, `'small'`, `'base'`, `'large'` or `'huge'`, or a dictionary of `embed_dims`,
            `num_layers` and `num_heads`.
        img_size: Height and width of the images, in pixels.
        patch_size: Height and width of a patch, in pixels.
        in_channels: Channels of the images.
        out_indices: The blocks whose outputs are handed on; a negative one counts from the end.
        out_type: `'cls_token'` hands on the class token, `(N, C)`; `'featmap'` the tokens of the
            patches as a map, `(N, C, H / patch_size, W / patch_size)`.
        drop_rate: The probability of dropout.
        drop_path_rate: The probability that an image goes without the last block's branches; it
            grows from 0 at the first.
        init_cfg: As in `BaseModule`.

    Raises:
        ValueError: If an argument is none of those.
    """

    def __init__(
        self,
        arch: str | Mapping[str, int] = "base",
        img_size: int | Sequence[int] = 224,
        patch_size: int = 16,
        in_channels: int = 3,
        out_indices: Sequence[int] = (-1,),
        out_type: Literal["cls_token", "featmap"] = "cls_token",
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(_INIT if init_cfg is None else init_cfg)
        size = _size_of(arch)
        self.patch_size = patch_size
        self.grid = _grid_of(img_size, patch_size)
        self.out_indices = _positive(out_indices, size.num_layers)
        if out_type not in ("cls_token", "featmap"):
            raise ValueError(f"out_type is 'cls_token' or 'featmap'; got {out_type!r}")
        self.out_type = out_type
        self.out_channels = (size.embed_dims,) * len(self.out_indices)

        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.embed_dims))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + math.prod(self.grid), size.embed_dims))
        projection = nn.Conv2d(in_channels, size.embed_dims, patch_size, patch_size)
        self.patch_embed = nn.ModuleDict({"proj": projection})
        self.pos_drop = nn.Dropout(drop_rate)
        rates = drop_path_rates(drop_path_rate, size.num_layers)
        self.blocks = nn.Sequential(*(EncoderBlock(size, drop_rate, rate) for rate in rates))
        self.norm = nn.LayerNorm(size.embed_dims, _EPS)
        self.register_load_state_dict_pre_hook(_fit_position_embedding)  # type: ignore[no-untyped-call]  # torch has no annotations here

    def init_weights(self) -> None:
        """Initialize the weights once."""
        if not self.is_init:
            nn.init.trunc_normal_(self.pos_embed, std=0.02)
            nn.init.trunc_normal_(self.cls_token, std=0.02)
        super().init_weights()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the outputs of the blocks that `out_indices` names.

        Args:
            x: Images `(N, in_channels, H, W)`.

        Returns:
            What `out_type` says, one tensor for each entry of `out_indices`. The output of the last
            block is normalized.

        Raises:
            ValueError: If the images can't be cut into whole patches.
        """
        if x.shape[-2] % self.patch_size or x.shape[-1] % self.patch_size:
            raise ValueError(
                f"the height and width of an image are multiples of {self.patch_size}, the "
                f"patch_size; got {x.shape[-2]}×{x.shape[-1]}"
            )
        patches: Tensor = self.patch_embed["proj"](x)
        grid = (patches.shape[-2], patches.shape[-1])
        tokens = patches.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], 1)
        tokens = self.pos_drop(tokens + resize_pos_embed(self.pos_embed, self.grid, grid))
        found = {}
        for index, block in enumerate(self.blocks):
            tokens = block(tokens)
            if index in self.out_indices:
                out = self.norm(tokens) if index == len(self.blocks) - 1 else tokens
                found[index] = self._handed_on(out, grid)
        return tuple(found[index] for index in self.out_indices)

    def _handed_on(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        if self.out_type == "cls_token":
            return tokens[:, 0]
        out: Tensor = tokens[:, 1:].transpose(1, 2).unflatten(2, grid)
        return out


_INIT = dict(type="engine.TruncNormal", layer=["Linear", "Conv2d"], std=0.02)


def resize_pos_embed(pos_embed: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """Return a position embedding for another number of patches.

    Args:
        pos_embed: The embedding of the class token and of the patches, row by row, `(1, 1 + L, C)`.
        old: How many patches it is for, in height and width.
        new: How many there shall be.

    Returns:
        A tensor `(1, 1 + L', C)`, by bicubic interpolation.
    """
    if old == new:
        return pos_embed
    token, grid = pos_embed[:, :1], pos_embed[:, 1:]
    grid = grid.transpose(1, 2).unflatten(2, old).float()
    resized = functional.interpolate(grid, new, mode="bicubic", antialias=True)
    return torch.cat([token, resized.flatten(2).transpose(1, 2).to(token.dtype)], 1)


def _fit_position_embedding(
    module: nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any
) -> None:
    """Resize the position embedding of weights that are about to be loaded."""
    assert isinstance(module, VisionTransformer)
    key = f"{prefix}pos_embed"
    given = state_dict.get(key)
    if not isinstance(given, Tensor) or given.shape[1:2] == module.pos_embed.shape[1:2]:
        return
    side = math.isqrt(given.shape[1] - 1)
    if given.ndim == 3 and side**2 == given.shape[1] - 1:  # otherwise the error is that of loading
        state_dict[key] = resize_pos_embed(given, (side, side), module.grid)


def _size_of(arch: str | Mapping[str, int]) -> _Size:
    if isinstance(arch, str):
        if arch not in _ARCHITECTURES:
            raise ValueError(
                f"arch of a VisionTransformer is one of {', '.join(_ARCHITECTURES)}, or a "
                f"dictionary of {', '.join(_Size._fields)}; got {arch!r}"
            )
        return _ARCHITECTURES[arch]
    if set(arch) != set(_Size._fields):
        raise ValueError(
            f"arch of a VisionTransformer has {', '.join(_Size._fields)}; got {', '.join(arch)}"
        )
    size = _Size(**arch)
    if size.embed_dims % size.num_heads:
        raise ValueError(
            f"embed_dims is a multiple of num_heads; got {size.embed_dims} and {size.num_heads}"
        )
    return size


def _grid_of(img_size: int | Sequence[int], patch_size: int) -> tuple[int, int]:
    height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
    if height % patch_size or width % patch_size:
        raise ValueError(
            f"img_size is a multiple of patch_size; got {height}×{width} and {patch_size}"
        )
    return height // patch_size, width // patch_size


def _positive(indices: Sequence[int], count: int) -> tuple[int, ...]:
    if not indices or not all(-count <= index < count for index in indices):
        raise ValueError(
            f"out_indices names blocks from {-count} to {count - 1}; got {tuple(indices)}"
        )
    return tuple(index % count for index in indices)
