"""Environment of a training: report of versions, and settings of worker processes."""

from __future__ import annotations

import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

import engine
from engine import __version__

from .._versions import get_git_hash

# What may change how a run behaves; nothing here is secret.
_VARIABLES = (
    "CUDA_HOME",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG",
    "LOCAL_RANK",
    "MKL_NUM_THREADS",
    "NCCL_DEBUG",
    "NCCL_IB_DISABLE",
    "NCCL_P2P_DISABLE",
    "NCCL_SOCKET_IFNAME",
    "OMP_NUM_THREADS",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTHONHASHSEED",
    "RANK",
    "TORCH_LOGS",
    "WORLD_SIZE",
)
_OPENCV = [f"opencv-{kind}" for kind in ("python", "python-headless", "contrib-python")]


def collect_env() -> dict[str, str]:
    """Return what is known about the machine, its accelerators, Python and torch, by names.

    Of environment variables there are only those that change how a run behaves.
    """
    return {
        "sys.platform": f"{sys.platform} ({platform.platform()})",
        "CPU": f"{_processor()} ({os.cpu_count()} cores)",
        **_accelerators(),
        "GCC": _program("gcc", "--version"),
        "NVCC": _program("nvcc", "--version"),
        "Python": sys.version.replace("\n", ""),
        "PyTorch": torch.__version__,
        "PyTorch compiling details": _torch_build(),
        "NumPy": np.__version__,
        "TorchVision": _version("torchvision") or "not found",
        "OpenCV": next(filter(None, map(_version, _OPENCV)), "not found"),
        "engine": f"{__version__}{_commit()}",
        "MMEngine": _version("mmengine") or f"engine {__version__} in its place",
        **{name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _accelerators() -> dict[str, str]:
    facts = {
        "CUDA available": str(torch.cuda.is_available()),
        "MPS available": str(torch.backends.mps.is_available()),
    }
    for index in range(torch.cuda.device_count()):
        device = torch.cuda.get_device_properties(index)
        memory = device.total_memory / 2**30
        facts[f"GPU {index}"] = (
            f"{device.name} ({memory:.0f} GiB, compute capability {device.major}.{device.minor})"
        )
    driver = Path("/proc/driver/nvidia/version")
    if driver.exists():
        facts["NVIDIA driver"] = driver.read_text().splitlines()[0]
    return facts


def _torch_build() -> str:
    """Return what torch was built with; the flags of the compiler would fill a page."""
    lines = [line.strip(" -") for line in torch.__config__.show().splitlines()[1:]]
    libraries = {
        "CUDA": torch.version.cuda,
        "cuDNN": torch.backends.cudnn.version(),
        "HIP": torch.version.hip,
    }
    built = [line for line in lines if line and not line.startswith("Build settings")]
    return ", ".join(
        [*built, *(f"{name} {version}" for name, version in libraries.items() if version)]
    )


def _program(name: str, *arguments: str) -> str:
    """Return the line with the version that a compiler prints."""
    path = shutil.which(name)
    if path is None:
        return "not found"
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line]
    told = [line for line in lines if "release" in line] or lines  # nvcc begins with its name
    return told[0] if told else f"{path} does not print its version"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str:
    """Return the commit of the engine where it runs from a clone."""
    folder = Path(engine.__file__).parent
    if "site-packages" in folder.parts:  # which may lie in the clone of something else
        return ""
    commit = get_git_hash(fallback="", digits=12, cwd=folder)
    return f" (commit {commit})" if commit else ""


def set_multi_processing(
    mp_start_method: str = "fork", opencv_num_threads: int = 0, distributed: bool = False
) -> None:
    """Set how child processes start, and keep threads from competing for the cores.

    Args:
        mp_start_method: `'fork'`, `'spawn'` or `'forkserver'`; it has no effect on Windows.
        opencv_num_threads: How many threads OpenCV takes, where it is installed; 0 means none
            beside its caller's.
        distributed: Whether several processes share the machine; OpenMP and MKL then take one
            thread each, unless `OMP_NUM_THREADS` or `MKL_NUM_THREADS` say otherwise. This is for
            processes started later.
    """
    if platform.system() != "Windows":
        multiprocessing.set_start_method(mp_start_method, force=True)
    if find_spec("cv2") is not None:
        import cv2  # deferred: it is not a dependency

        cv2.setNumThreads(opencv_num_threads)
    if distributed:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
