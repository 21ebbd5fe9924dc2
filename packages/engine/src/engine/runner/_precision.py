"""Automatic mixed precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from engine.device import get_device

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}


def autocast(
    device_type: str | None = None,
    dtype: torch.dtype | None = None,
    enabled: bool = True,
    cache_enabled: bool | None = None,
) -> AbstractContextManager[object]:
    """Return a context in which operations choose their precision, as `torch.autocast` does.

    Args:
        device_type: The type of the device; None means that of the best one there is.
        dtype: The lower precision; None means float16 on CUDA devices, bfloat16 elsewhere.
        enabled: Whether it does anything.
        cache_enabled: Whether weights in lower precision are kept for later use.
    """
    if not enabled:
        return nullcontext()
    kind = device_type or get_device().partition(":")[0]
    lower = dtype or (torch.float16 if kind == "cuda" else torch.bfloat16)
    return torch.autocast(kind, lower, cache_enabled=cache_enabled)
