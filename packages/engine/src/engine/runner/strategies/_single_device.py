"""Single-device strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from engine.registry import STRATEGIES

from ._strategy import BaseStrategy


@STRATEGIES.register_module()
class SingleDeviceStrategy(BaseStrategy):
    """The model runs on one device."""

    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Do nothing: there are no other processes.

        Args:
            dist_cfg: Not used.
        """

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        """Move the model to the device, and compile it if that was asked for.

        Args:
            model: The model.
            wrapper_cfg: Not used: a wrapper is for several processes.
        """
        return self._compile(model.to(self.device))
