"""What a report of a bug tells."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import pytest
import torch

import engine
from engine.utils.dl_utils import TORCH_VERSION, collect_env


def test_the_facts() -> None:
    facts = collect_env()
    assert all(isinstance(fact, str) for fact in facts.values())
    assert platform.python_version() in facts["Python"]
    assert facts["PyTorch"] == torch.__version__ == TORCH_VERSION
    assert facts["NumPy"] == np.__version__
    assert facts["CUDA available"] == str(torch.cuda.is_available())
    assert facts["engine"].startswith(engine.__version__)
    assert len([name for name in facts if name.startswith("GPU ")]) == torch.cuda.device_count()
    assert facts["MMEngine"] == f"engine {engine.__version__} in its place"
    assert {"OpenCV", "TorchVision"} <= set(facts)
    assert facts["CPU"].endswith(f"({os.cpu_count()} cores)")
    assert len(facts["PyTorch compiling details"]) < 1000


def test_variables_that_matter_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("WANDB_API_KEY", "a secret")
    monkeypatch.delenv("NCCL_DEBUG", raising=False)
    facts = collect_env()
    assert facts["OMP_NUM_THREADS"] == "3"
    assert "NCCL_DEBUG" not in facts
    assert "a secret" not in str(facts)


def test_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nvcc = tmp_path / "nvcc"
    nvcc.write_text("#!/bin/sh\necho nvcc: a compiler\necho tools, release 13.0, V13.0.88\n")
    nvcc.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = collect_env()
    assert facts["NVCC"] == "tools, release 13.0, V13.0.88"
    assert facts["GCC"] == "not found"
    assert "commit" not in facts["engine"]  # there is no git
