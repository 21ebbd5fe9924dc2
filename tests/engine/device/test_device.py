"""The accelerator of this machine."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.device import (
    device_of,
    get_device,
    get_max_cuda_memory,
    is_cuda_available,
    is_mps_available,
)


@pytest.mark.parametrize(
    ("cuda", "mps", "best"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_best_device(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, best: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert (is_cuda_available(), is_mps_available()) == (cuda, mps)
    assert get_device() == best


def test_a_tensor_fits_on_the_best_device() -> None:
    assert torch.zeros(1, device=get_device()).device.type == get_device()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_peak_of_memory_since_the_last_call() -> None:
    get_max_cuda_memory()
    block = torch.empty(64 * 2**20, dtype=torch.uint8, device="cuda")
    assert get_max_cuda_memory() >= 64
    del block
    get_max_cuda_memory()
    assert get_max_cuda_memory() < 64


@pytest.mark.parametrize("name", ["evil", "", "cpu:x", 7.5])
def test_a_device_that_is_not_there(name: Any) -> None:
    with pytest.raises(ValueError, match=r"there is no device .*: use 'cpu', 'cuda'"):
        device_of(name)
