"""Which accelerator there is."""

from __future__ import annotations

import torch


def is_cuda_available() -> bool:
    """Return whether there is a CUDA device."""
    return torch.cuda.is_available()


def is_mps_available() -> bool:
    """Return whether there is an Apple GPU."""
    return torch.backends.mps.is_available()


def get_device() -> str:
    """Return the type of the best device here: `'cuda'`, `'mps'` or `'cpu'`."""
    if is_cuda_available():
        return "cuda"
    return "mps" if is_mps_available() else "cpu"


def get_max_cuda_memory(device: torch.device | None = None) -> int:
    """Return the most memory that tensors took on a CUDA device since the last call, in MiB."""
    peak = torch.cuda.max_memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    return peak // (1024 * 1024)
