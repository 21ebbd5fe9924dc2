"""Tensors that are sharded over processes: the DTensors of torch."""

from __future__ import annotations

import sys
from typing import Any

from torch import Tensor, nn

from ._groups import is_main_process


def is_sharded(tensor: Any) -> bool:
    """Return whether a tensor is a DTensor, of which each process may have a part."""
    module = sys.modules.get("torch.distributed.tensor")  # which is there if there are such tensors
    return module is not None and isinstance(tensor, module.DTensor)


def local_tensor(tensor: Tensor) -> Tensor:
    """Return what this process has of a tensor, in the same memory."""
    sharded: Any = tensor
    local: Tensor = sharded.to_local() if is_sharded(tensor) else tensor
    return local


def whole_tensor(tensor: Tensor) -> Tensor:
    """Return all of a tensor; the processes that share it call this together."""
    if not is_sharded(tensor):
        return tensor
    sharded: Any = tensor
    whole: Tensor = sharded.to(sharded.device_mesh.device_type).full_tensor()
    return whole


def tensor_to_cpu(tensor: Tensor) -> Tensor:
    """Return a tensor in main memory, to be saved by the first process.

    Of a sharded one the first process gets all, and the others get a tensor on the meta device,
    which has its shape and no values. The processes that share it call this together.
    """
    whole = whole_tensor(tensor)
    is_needed = is_main_process() or not is_sharded(tensor)
    return whole.cpu() if is_needed else whole.to("meta")


def shard_like(tensor: Tensor, other: Tensor) -> Tensor:
    """Return a tensor that is sharded as another one is, or itself if that one is not.

    Args:
        tensor: The whole tensor, the same in all processes, or one that is sharded already.
        other: The other tensor, of the same shape.
    """
    if not is_sharded(other) or is_sharded(tensor):
        return tensor
    distribute = sys.modules["torch.distributed.tensor"].distribute_tensor
    spec: Any = other
    sharded: Tensor = distribute(
        tensor.detach(), spec.device_mesh, spec.placements, src_data_rank=None
    )
    return sharded


def reshard(model: nn.Module) -> None:
    """Let a model that FSDP shards hold its shards, where a forward pass has left whole parameters.

    Args:
        model: The model, or any other, of which nothing is changed.
    """
    fsdp = sys.modules.get("torch.distributed.fsdp")
    if fsdp is None:
        return
    for module in model.modules():
        if isinstance(module, fsdp.FSDPModule):
            module.reshard()
