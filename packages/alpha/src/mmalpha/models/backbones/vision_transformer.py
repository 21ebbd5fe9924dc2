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

from engine.model import BaseModule, freeze_stages
from mmalpha.models.layers import MLP, DropPath, drop_path_rates
from mmalpha.registry import MODELS


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


class _Variant(NamedTuple):
    """In what a transformer differs from that of the first paper.

    Attributes:
        eps: Of the normalizations.
        layer_scale: The factor with which each channel of a branch begins; 0 means none.
        pre_norm: Whether tokens are normalized before the first block; the projection of the
            patches has no bias then.
        quick_gelu: Whether the activation is `x * sigmoid(1.702 * x)`.
        num_registers: How many tokens there are beside those of the class and of the patches.
        is_class_placed: Whether the class token has a position embedding too.
    """

    eps: float = 1e-6
    layer_scale: float = 0.0
    pre_norm: bool = False
    quick_gelu: bool = False
    num_registers: int = 0
    is_class_placed: bool = True


_VARIANTS = {
    "vit": _Variant(),
    "deit3": _Variant(layer_scale=1e-6, is_class_placed=False),
    "dinov2": _Variant(layer_scale=1e-5),
    "dinov2_reg4": _Variant(layer_scale=1e-5, num_registers=4, is_class_placed=False),
    "clip": _Variant(eps=1e-5, pre_norm=True),
    "clip_quickgelu": _Variant(eps=1e-5, pre_norm=True, quick_gelu=True),
}


class QuickGELU(nn.Module):
    """An approximation of the GELU, with which the first models of CLIP were trained."""

    def forward(self, x: Tensor) -> Tensor:
        """Map a tensor to the same shape."""
        return x * torch.sigmoid(1.702 * x)


class LayerScale(nn.Module):
    """A factor for each channel (Touvron et al., Going Deeper with Image Transformers, 2021).

    Args:
        channels: Channels of a token.
        value: With which the factors begin.
    """

    def __init__(self, channels: int, value: float) -> None:
        super().__init__()
        self.gamma: nn.Parameter = nn.Parameter(torch.full((channels,), value))

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens `(N, L, C)` to the same shape."""
        return x * self.gamma


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
        self.qkv: nn.Linear = nn.Linear(channels, 3 * channels)
        self.proj: nn.Linear = nn.Linear(channels, channels)
        self.drop: nn.Dropout = nn.Dropout(drop_rate)

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
        variant: In what it differs from that of the first paper.
        drop_rate: As in `VisionTransformer`.
        drop_path: The probability that an image goes without a branch.
    """

    def __init__(self, size: _Size, variant: _Variant, drop_rate: float, drop_path: float) -> None:
        super().__init__()
        channels, scale = size.embed_dims, variant.layer_scale
        self.norm1: nn.LayerNorm = nn.LayerNorm(channels, variant.eps)
        self.attn: Attention = Attention(channels, size.num_heads, drop_rate)
        self.ls1: nn.Module = LayerScale(channels, scale) if scale else nn.Identity()
        self.norm2: nn.LayerNorm = nn.LayerNorm(channels, variant.eps)
        activation = QuickGELU() if variant.quick_gelu else nn.GELU()
        self.mlp: MLP = MLP(channels, 4 * channels, drop_rate, activation)
        self.ls2: nn.Module = LayerScale(channels, scale) if scale else nn.Identity()
        self.drop_path: DropPath = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens `(N, L, C)` to the same shape."""
        x = x + self.drop_path(self.ls1(self.attn(self.norm1(x))))
        return cast("Tensor", x + self.drop_path(self.ls2(self.mlp(self.norm2(x)))))


@MODELS.register_module()
class VisionTransformer(BaseModule):
    """A transformer over the patches of an image, without its classifier.

    The position embedding is resized to images of another size than `img_size`, and weights of
    another size are resized when they are loaded. Weights of other libraries are taken to be those
    of square images; those that this class has saved know their height and width.

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
        variant: What the transformer was trained as: `'vit'`, which is that of DeiT too, `'deit3'`,
            `'dinov2'`, `'dinov2_reg4'` with four registers, `'clip'`, or `'clip_quickgelu'` for
            weights of OpenAI.
        frozen_stages: The last block that is frozen, from 1; 0 freezes what is before the blocks
            alone, and -1 nothing. See `engine.model.freeze_stages`.
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
        variant: str = "vit",
        frozen_stages: int = -1,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(_INIT if init_cfg is None else init_cfg)
        size = _size_of(arch)
        if variant not in _VARIANTS:
            raise ValueError(f"variant is one of {', '.join(_VARIANTS)}; got {variant!r}")
        kind = _VARIANTS[variant]
        self.patch_size = patch_size
        self.grid: tuple[int, int] = _grid_of(img_size, patch_size)
        self.out_indices: tuple[int, ...] = _positive(out_indices, size.num_layers)
        if out_type not in ("cls_token", "featmap"):
            raise ValueError(f"out_type is 'cls_token' or 'featmap'; got {out_type!r}")
        self.out_type = out_type
        self.out_channels: tuple[int, ...] = (size.embed_dims,) * len(self.out_indices)

        self.cls_token: nn.Parameter = nn.Parameter(torch.zeros(1, 1, size.embed_dims))
        if kind.num_registers:
            self.reg_token: nn.Parameter = nn.Parameter(
                torch.zeros(1, kind.num_registers, size.embed_dims)
            )
        self.num_placed: int = int(kind.is_class_placed)
        length = self.num_placed + math.prod(self.grid)
        self.pos_embed: nn.Parameter = nn.Parameter(torch.zeros(1, length, size.embed_dims))
        projection = nn.Conv2d(
            in_channels, size.embed_dims, patch_size, patch_size, bias=not kind.pre_norm
        )
        self.patch_embed: nn.ModuleDict = nn.ModuleDict({"proj": projection})
        self.pos_drop: nn.Dropout = nn.Dropout(drop_rate)
        dims = size.embed_dims
        self.norm_pre: nn.Module = nn.LayerNorm(dims, kind.eps) if kind.pre_norm else nn.Identity()
        rates = drop_path_rates(drop_path_rate, size.num_layers)
        self.blocks: nn.Sequential = nn.Sequential(
            *(EncoderBlock(size, kind, drop_rate, rate) for rate in rates)
        )
        self.norm: nn.LayerNorm = nn.LayerNorm(dims, kind.eps)
        self._register_state_dict_hook(_note_grid)  # type: ignore[no-untyped-call]  # torch has no annotations here
        self.register_load_state_dict_pre_hook(_fit_position_embedding)  # type: ignore[no-untyped-call]  # torch has no annotations here
        freeze_stages(self, frozen_stages)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Tell the order of the layers, as the models of timm do.

        Args:
            coarse: Not used: a block is a stage.
        """
        return {
            "stem": r"^(?:cls_token|reg_token|pos_embed|patch_embed|norm_pre)",
            "blocks": [(r"^blocks\.(\d+)", None), (r"^norm\b", (99999,))],
        }

    def init_weights(self) -> None:
        """Initialize the weights once."""
        if not self.is_init:
            nn.init.trunc_normal_(self.pos_embed, std=0.02)
            nn.init.trunc_normal_(self.cls_token, std=0.02)
            if "reg_token" in self._parameters:
                nn.init.normal_(self.reg_token, std=1e-6)
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
        tokens = self.norm_pre(self.pos_drop(self._placed(tokens, grid)))
        found = {}
        for index, block in enumerate(self.blocks):
            tokens = block(tokens)
            if index in self.out_indices:
                out = self.norm(tokens) if index == len(self.blocks) - 1 else tokens
                found[index] = self._handed_on(out, grid)
        return tuple(found[index] for index in self.out_indices)

    def _placed(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Add the position embedding, and put the class token and registers in front."""
        position = resize_pos_embed(self.pos_embed, self.grid, grid, self.num_placed)
        names = [name for name in ("cls_token", "reg_token") if name in self._parameters]
        front = [self.get_parameter(name).expand(tokens.shape[0], -1, -1) for name in names]
        if self.num_placed:
            return torch.cat([*front, tokens], 1) + position
        return torch.cat([*front, tokens + position], 1)

    def _handed_on(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        if self.out_type == "cls_token":
            return tokens[:, 0]
        out: Tensor = tokens[:, -math.prod(grid) :].transpose(1, 2).unflatten(2, grid)
        return out


_INIT = dict(type="engine.TruncNormal", layer=["Linear", "Conv2d"], std=0.02)


def resize_pos_embed(
    pos_embed: Tensor, old: tuple[int, int], new: tuple[int, int], num_placed: int = 1
) -> Tensor:
    """Return a position embedding for another number of patches.

    Args:
        pos_embed: The embedding of the class token, where it has one, and of the patches, row by
            row, `(1, num_placed + L, C)`.
        old: How many patches it is for, in height and width.
        new: How many there shall be.
        num_placed: How many tokens come before those of the patches.

    Returns:
        A tensor `(1, num_placed + L', C)`, by bicubic interpolation.
    """
    if old == new:
        return pos_embed
    token, grid = pos_embed[:, :num_placed], pos_embed[:, num_placed:]
    grid = grid.transpose(1, 2).unflatten(2, old).float()
    resized = functional.interpolate(grid, new, mode="bicubic", antialias=True)
    return torch.cat([token, resized.flatten(2).transpose(1, 2).to(token.dtype)], 1)


def _note_grid(
    module: nn.Module, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any]
) -> None:
    """Note beside the version of the module how many patches its position embedding is for."""
    assert isinstance(module, VisionTransformer)
    local_metadata["grid"] = list(module.grid)


def _fit_position_embedding(
    module: nn.Module,
    state_dict: dict[str, Any],
    prefix: str,
    local_metadata: Mapping[str, Any],
    *_: Any,
) -> None:
    """Resize the position embedding of weights that are about to be loaded."""
    assert isinstance(module, VisionTransformer)
    key = f"{prefix}pos_embed"
    given = state_dict.get(key)
    if not isinstance(given, Tensor) or given.ndim != 3:
        return  # the error is that of loading
    count = given.shape[1] - module.num_placed
    side = math.isqrt(max(count, 0))
    noted = local_metadata.get("grid")
    if isinstance(noted, (list, tuple)) and len(noted) == 2:
        old = (int(noted[0]), int(noted[1]))
    else:
        old = (side, side) if side**2 == count else module.grid
    if math.prod(old) == count:
        state_dict[key] = resize_pos_embed(given, old, module.grid, module.num_placed)


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
