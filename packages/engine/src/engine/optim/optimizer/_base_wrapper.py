"""Base class of optimizer wrappers."""

from __future__ import annotations

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
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

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
        return self.optimizer.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.optimizer.load_state_dict(dict(state_dict))

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The parameter groups of the optimizer."""
        return self.optimizer.param_groups

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the optimizer."""
        return self.optimizer.defaults

    def get_lr(self) -> dict[str, list[float]]:
        """Return the learning rates, one for each parameter group, under `lr`."""
        return {"lr": list(map(_LR, self.optimizer.param_groups))}

    def get_momentum(self) -> dict[str, list[float]]:
        """Return the momenta, or the first betas, one for each parameter group."""
        return {
            "momentum": [
                group["betas"][0] if "betas" in group else group.get("momentum", 0.0)
                for group in self.param_groups
            ]
        }
