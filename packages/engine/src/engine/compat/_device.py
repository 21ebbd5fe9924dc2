"""Devices that MMEngine asks for and torch does not have without a plug-in."""

from __future__ import annotations

import torch

from engine.device import get_device

DEVICE = get_device()


def is_npu_available() -> bool:
    """Return whether there is an Ascend NPU."""
    return _is_available("npu")


def is_mlu_available() -> bool:
    """Return whether there is a Cambricon MLU."""
    return _is_available("mlu")


def is_musa_available() -> bool:
    """Return whether there is a Moore Threads GPU."""
    return _is_available("musa")


def is_dipu_available() -> bool:
    """Return whether there is a device of DIPU."""
    return _is_available("dipu")


def is_npu_support_full_precision() -> bool:
    """Return whether an Ascend NPU computes in full precision; engine makes no use of it."""
    return False


def get_max_musa_memory(device: torch.device | None = None) -> int:
    """Return the most memory that tensors took on a Moore Threads GPU, in MB.

    Args:
        device: The device; None means the current one.
    """
    return int(torch.get_device_module("musa").max_memory_allocated(device)) // 2**20


def _is_available(kind: str) -> bool:
    """Return whether a plug-in of torch brings devices of a kind, and one is there."""
    plug_in = getattr(torch, kind, None)
    return plug_in is not None and bool(plug_in.is_available())
