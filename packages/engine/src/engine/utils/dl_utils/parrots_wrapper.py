"""Base classes of torch's layers, by the module in which libraries for MMEngine look for them.

The wrapper of that name chose between torch and another framework; here there is torch alone.
"""

from __future__ import annotations

import torch
from torch.nn import SyncBatchNorm
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm

__all__ = [
    "TORCH_VERSION",
    "SyncBatchNorm",
    "SyncBatchNorm_",
    "_BatchNorm",
    "_ConvNd",
    "_InstanceNorm",
    "is_rocm_pytorch",
]

TORCH_VERSION: str = torch.__version__
SyncBatchNorm_ = SyncBatchNorm


def is_rocm_pytorch() -> bool:
    """Return whether this torch was built for AMD's ROCm."""
    return torch.version.hip is not None
