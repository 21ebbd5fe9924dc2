"""Batch norm: synchronized and back, and fused with the convolution before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.logging import get_logger
from engine.utils import did_you_mean

from ._method_override import override_methods

_Conv = nn.Conv1d | nn.Conv2d | nn.Conv3d


class _AnyBatchNorm(_BatchNorm):
    """Batch normalization of inputs with any number of dimensions, as `nn.SyncBatchNorm` takes."""

    def _check_input_dim(self, input: Tensor) -> None: ...


def convert_sync_batchnorm(module: nn.Module, implementation: str = "torch") -> nn.Module:
    """Replace all batch normalization in a module by one that counts over all processes.

    Args:
        module: The module; what it holds is changed in place.
        implementation: `'torch'`. MMEngine knows `'mmcv'` too, which is not needed any more.

    Returns:
        The module, or what takes its place if it is batch normalization itself.

    Raises:
        ValueError: If the implementation is another one.
    """
    if implementation != "torch":
        raise ValueError(
            f"the implementation of synchronized batch normalization is 'torch'; "
            f"got {implementation!r}"
        )
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
    return converted


def revert_sync_batchnorm(module: nn.Module) -> nn.Module:
    """Replace all synchronized batch normalization in a module by one that runs anywhere.

    Args:
        module: The module; what it holds is changed in place, and keeps its parameters.

    Returns:
        The module, or what takes its place if it is batch normalization itself.
    """
    if isinstance(module, nn.SyncBatchNorm):
        return _local(module)
    for name, child in module.named_children():
        reverted = revert_sync_batchnorm(child)
        if reverted is not child:
            setattr(module, name, reverted)
    return module


def _local(norm: nn.SyncBatchNorm) -> nn.Module:
    local = _AnyBatchNorm(
        norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats
    )
    local.train(norm.training)
    # The parameters themselves, so that an optimizer that holds them still has the right ones.
    for name, parameter in norm.named_parameters(recurse=False):
        setattr(local, name, parameter)
    for name, buffer in norm.named_buffers(recurse=False):
        setattr(local, name, buffer)
    return local


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
            override_methods(conv, _DeferredConv)
            override_methods(norm, _FusedNorm)
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
            is_changed = isinstance(conv, _DeferredConv) or isinstance(norm, _FusedNorm)
            if uses[conv] == uses[norm] == 1 and not is_changed:
                pairs.append((conv, norm))
    return pairs


class _DeferredConv:
    """Methods of a convolution that leaves its work to the batch norm."""

    _norm_behind: list[_BatchNorm]  # in a list, so that it is no part of the module

    def forward(self, x: Tensor) -> Tensor:
        if _is_frozen(self._norm_behind[0]):
            return x
        out: Tensor = super().forward(x)  # type: ignore[misc]  # that of the convolution
        return out


class _FusedNorm:
    """Methods of a batch norm that does the work of both."""

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
