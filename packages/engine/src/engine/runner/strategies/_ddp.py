"""Distributed data parallel strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from engine.dist import get_local_rank, init_dist, is_distributed
from engine.registry import MODEL_WRAPPERS, STRATEGIES

from ._strategy import BaseStrategy, Compile


@STRATEGIES.register_module()
class DDPStrategy(BaseStrategy):
    """Each process has a copy of the model on a device of its own, and gradients are averaged.

    Args:
        device: The type of the devices; None means the best there is.
        precision: As in `BaseStrategy`.
        compile: As in `BaseStrategy`.
        launcher: Who started the processes: `'pytorch'` (torchrun), `'slurm'` or `'mpi'`.
    """

    def __init__(
        self,
        device: str | None = None,
        precision: str | None = None,
        compile: Compile = False,
        launcher: str = "pytorch",
    ) -> None:
        super().__init__(device, precision, compile)
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
            self.device = torch.device("cuda", get_local_rank() % torch.cuda.device_count())

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        """Move the model to the device, compile it if that was asked for, and wrap it.

        Args:
            model: The model.
            wrapper_cfg: The config of the wrapper; None means `MMDistributedDataParallel`.
        """
        given: dict[str, Any] = {"type": "engine.MMDistributedDataParallel"}
        if self.device.type == "cuda":
            given["device_ids"] = [self.device.index]
        given["module"] = self._compile(model.to(self.device))
        return MODEL_WRAPPERS.build(wrapper_cfg or {}, default_args=given)
