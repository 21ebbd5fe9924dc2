"""The device of this process."""

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


def device_of(name: str) -> torch.device:
    """Return the device of a name.

    Args:
        name: `'cpu'`, `'cuda'`, `'cuda:1'` and the like.

    Raises:
        ValueError: If there is no such device.
    """
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"there is no device {name!r}: use 'cpu', 'cuda', 'cuda:1', ..."
        ) from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"the device {name!r} needs CUDA, which torch does not find here")
    return device
