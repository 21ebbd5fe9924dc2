"""Fusion of convolution and batch norm in evaluation mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.logging import get_logger
from engine.utils import did_you_mean

from ._instance_override import put_in_front

_Conv = nn.Conv1d | nn.Conv2d | nn.Conv3d


def turn_on_efficient_conv_bn_eval(model: nn.Module, modules: Sequence[str] | str) -> None:
    """Let batch norms that are in evaluation mode become part of the convolution before them.

    The output of the convolution by itself is then neither computed nor kept for the backward pass,
    so that fine-tuning with frozen statistics takes less memory and time; outputs and gradients are
    the same but for rounding. A pair is changed where nothing else uses what is between them; a
    batch norm that trains works as before. You et al., 2023, arXiv:2305.11624.

    Args:
        model: The model.
        modules: The name or names of modules in it, such as `'backbone'`, which `torch.fx` must be
            able to trace.

    Raises:
        ValueError: If the model has no module of a name, or it can't be traced.
    """
    known = dict(model.named_modules())
    for name in [modules] if isinstance(modules, str) else modules:
        if name not in known:
            raise ValueError(
                f"{type(model).__name__} has no module {name!r}{did_you_mean(name, known)}"
            )
        pairs = _pairs(known[name], name)
        for conv, norm in pairs:
            put_in_front(conv, _Postponed)
            put_in_front(norm, _Joined)
            vars(conv)["_norm_behind"] = [norm]
            vars(norm)["_conv_before"] = [conv]
        get_logger().info("%s: %d batch norms joined their convolutions", name, len(pairs))


def _pairs(module: nn.Module, name: str) -> list[tuple[_Conv, _BatchNorm]]:
    """Return the convolutions and batch norms that follow each other and are used once."""
    try:
        graph = fx.Tracer().trace(module)
    except Exception as error:  # a module may raise anything when it is traced
        raise ValueError(f"{name} can't be traced by torch.fx: {error}") from error
    calls = [node for node in graph.nodes if node.op == "call_module"]
    uses = Counter(module.get_submodule(str(node.target)) for node in calls)
    pairs = []
    for node in calls:
        before = node.args[0] if node.args else None
        if before not in calls or len(cast("fx.Node", before).users) != 1:
            continue
        conv = module.get_submodule(str(cast("fx.Node", before).target))
        norm = module.get_submodule(str(node.target))
        if isinstance(conv, _Conv) and isinstance(norm, _BatchNorm):
            is_changed = isinstance(conv, _Postponed) or isinstance(norm, _Joined)
            if uses[conv] == uses[norm] == 1 and not is_changed:
                pairs.append((conv, norm))
    return pairs


class _Postponed:
    """What the class of a convolution gets in front: it leaves its work to the batch norm."""

    _norm_behind: list[_BatchNorm]  # in a list, so that it is no part of the module

    def forward(self, x: Tensor) -> Tensor:
        if _is_frozen(self._norm_behind[0]):
            return x
        out: Tensor = super().forward(x)  # type: ignore[misc]  # that of the convolution
        return out


class _Joined:
    """What the class of a batch norm gets in front: it does the work of both."""

    _conv_before: list[_Conv]

    def forward(self, x: Tensor) -> Tensor:
        norm: Any = self
        if not _is_frozen(norm):
            out: Tensor = super().forward(x)  # type: ignore[misc]  # that of the batch norm
            return out
        conv: Any = self._conv_before[0]
        scale = torch.rsqrt(norm.running_var + norm.eps)
        shift = -norm.running_mean if conv.bias is None else conv.bias - norm.running_mean
        if norm.affine:
            scale = scale * norm.weight
        shift = shift * scale if not norm.affine else shift * scale + norm.bias
        weight = conv.weight * scale.reshape(-1, *[1] * (conv.weight.ndim - 1))
        joined: Tensor = conv._conv_forward(x, weight, shift)
        return joined


def _is_frozen(norm: _BatchNorm) -> bool:
    return not norm.training and norm.running_mean is not None
