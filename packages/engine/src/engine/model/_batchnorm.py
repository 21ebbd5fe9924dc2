"""Conversion to and from synchronized batch norm."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


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
