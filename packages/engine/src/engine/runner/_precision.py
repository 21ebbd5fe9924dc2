"""Automatic mixed precision."""

from __future__ import annotations

import torch

from engine.device import get_device

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}


def autocast(
    device_type: str | None = None,
    dtype: torch.dtype | None = None,
    enabled: bool = True,
    cache_enabled: bool | None = None,
) -> torch.autocast:
    """Return a context, or a decorator, in which operations choose their precision.

    Args:
        device_type: The type of the device; None means that of the best one there is.
        dtype: The lower precision; None means float16 on CUDA devices, bfloat16 elsewhere.
        enabled: Whether to; False keeps the precision of the inputs, within another context too.
        cache_enabled: Whether weights in lower precision are kept for later use.
    """
    kind = device_type or get_device().partition(":")[0]
    lower = dtype or (torch.float16 if kind == "cuda" else torch.bfloat16)
    return torch.autocast(kind, lower, enabled=enabled, cache_enabled=cache_enabled)
