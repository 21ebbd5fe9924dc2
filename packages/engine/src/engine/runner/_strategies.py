"""Where a model runs: on one device, or on several with a copy each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import nn

from engine.device import get_device
from engine.dist import get_local_rank, init_dist, is_distributed
from engine.registry import MODEL_WRAPPERS, STRATEGIES


class Strategy(Protocol):
    """What the runner asks of a strategy."""

    device: torch.device

    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Join the other processes, before anything else of the run."""

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None) -> nn.Module:
        """Return the model as it is to be run."""


@STRATEGIES.register_module()
class SingleDeviceStrategy:
    """The model runs on one device.

    Args:
        device: The device; None means the best there is.

    Raises:
        ValueError: If there is no such device.
    """

    def __init__(self, device: str | None = None) -> None:
        self.device = _checked(device or get_device())

    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Do nothing: there are no other processes."""

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None) -> nn.Module:
        """Move the model to the device.

        Args:
            model: The model.
            wrapper_cfg: The config of a wrapper; it is of no use here.
        """
        return model.to(self.device)


@STRATEGIES.register_module()
class DDPStrategy:
    """Each process has a copy of the model on a device of its own, and gradients are averaged.

    Args:
        device: The type of the devices; None means the best there is.
        launcher: Who started the processes: `'pytorch'` for torchrun.
    """

    def __init__(self, device: str | None = None, launcher: str = "pytorch") -> None:
        self.device = _checked(device or get_device())
        self.launcher = launcher

    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Join the other processes.

        Args:
            dist_cfg: Arguments of `engine.dist.init_dist`.
        """
        backend = "gloo" if self.device.type == "cpu" else dist_cfg.get("backend", "nccl")
        if not is_distributed():
            init_dist(self.launcher, **{**dist_cfg, "backend": backend})
        if self.device.type == "cuda":
            self.device = torch.device("cuda", get_local_rank())

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None) -> nn.Module:
        """Move the model to the device and wrap it.

        Args:
            model: The model.
            wrapper_cfg: The config of the wrapper; None means `MMDistributedDataParallel`.
        """
        cfg = {"type": "MMDistributedDataParallel", **(wrapper_cfg or {})}
        if self.device.type == "cuda":
            cfg.setdefault("device_ids", [self.device.index])
        return MODEL_WRAPPERS.build(cfg, default_args={"module": model.to(self.device)})


def _checked(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(
            f"there is no device {name!r}: use 'cpu', 'cuda', 'cuda:1', ..."
        ) from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"the device {name!r} needs CUDA, which torch does not find here")
    return device
