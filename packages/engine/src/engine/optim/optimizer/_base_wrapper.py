"""Base class of optimizer wrappers."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

_LR = itemgetter("lr")


class BaseOptimWrapper(ABC):
    """An optimizer, and how a loss becomes a step of it.

    Args:
        optimizer: The optimizer.

    Attributes:
        base_param_settings: A group without parameters that has the defaults of the optimizer, and
            is scheduled like the others, where these have several settings; None otherwise.
    """

    base_param_settings: dict[str, Any] | None = None

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        if len(optimizer.param_groups) > 1:
            defaults = copy.deepcopy(optimizer.defaults)  # a rate may be a tensor
            self.base_param_settings = {"params": [], **defaults}

    @abstractmethod
    def update_params(self, *args: Any, **kwargs: Any) -> None:
        """Update the parameters along the gradient of a loss."""

    @abstractmethod
    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Compute the gradient of a loss."""

    @abstractmethod
    def zero_grad(self, **kwargs: Any) -> None:
        """Reset the gradients."""

    @abstractmethod
    def step(self, **kwargs: Any) -> None:
        """Take a step."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer."""
        state = self.optimizer.state_dict()
        if self.base_param_settings is not None:
            state["base_param_settings"] = dict(self.base_param_settings)
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        state = dict(state_dict)
        base = state.pop("base_param_settings", None)
        if base is not None and self.base_param_settings is not None:
            self.base_param_settings = {**base, "params": []}
        self.optimizer.load_state_dict(state)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The parameter groups of the optimizer, and `base_param_settings` where there are some."""
        groups = self.optimizer.param_groups
        return groups if self.base_param_settings is None else [*groups, self.base_param_settings]

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the optimizer."""
        return self.optimizer.defaults

    def get_lr(self) -> dict[str, list[float]]:
        """Return the learning rates, one for each parameter group, under `lr`.

        Where there are several groups, that of `base_param_settings` stands under `base_lr`.
        """
        rates = list(map(_LR, self.optimizer.param_groups))
        if self.base_param_settings is None:
            return {"lr": rates}
        return {"base_lr": [self.base_param_settings["lr"]], "lr": rates}

    def get_momentum(self) -> dict[str, list[float]]:
        """Return the momenta, or the first betas, one for each parameter group."""
        return {
            "momentum": [
                group["betas"][0] if "betas" in group else group.get("momentum", 0.0)
                for group in self.optimizer.param_groups
            ]
        }
