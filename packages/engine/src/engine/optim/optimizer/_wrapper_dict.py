"""Several optimizer wrappers of one model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from torch import Tensor, nn

from ._wrapper import OptimWrapper


class OptimWrapperDict(OptimWrapper):
    """Optimizer wrappers by name; the model's `train_step` chooses among them.

    Args:
        **optim_wrapper_dict: The wrappers.

    Raises:
        TypeError: If one of them is no `OptimWrapper`.

    Example:
        `optim_wrapper['generator'].update_params(loss)`
    """

    def __init__(self, **optim_wrapper_dict: OptimWrapper) -> None:
        for name, wrapper in optim_wrapper_dict.items():
            if not isinstance(wrapper, OptimWrapper) or isinstance(wrapper, OptimWrapperDict):
                raise TypeError(f"{name} is no OptimWrapper but {type(wrapper).__name__}")
        self.optim_wrappers = optim_wrapper_dict

    def update_params(
        self,
        loss: Tensor,
        step_kwargs: Mapping[str, Any] | None = None,
        zero_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Refuse: which of the optimizers is meant?"""
        self._refuse("update_params")

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Refuse: which of the optimizers is meant?"""
        self._refuse("backward")

    def step(self, **kwargs: Any) -> None:
        """Refuse: which of the optimizers is meant?"""
        self._refuse("step")

    def zero_grad(self, **kwargs: Any) -> None:
        """Reset the gradients of all optimizers.

        Args:
            **kwargs: Passed on to each of them.
        """
        for wrapper in self.values():
            wrapper.zero_grad(**kwargs)

    def optim_context(self, model: nn.Module) -> NoReturn:
        """Refuse: which of the optimizers is meant?"""
        self._refuse("optim_context")

    def _refuse(self, verb: str) -> NoReturn:
        names = ", ".join(self.optim_wrappers)
        raise NotImplementedError(
            f"the model has several optimizers ({names}): call {verb} of one of them, "
            f"optim_wrapper[name].{verb}(...), in its train_step"
        )

    def initialize_count_status(self, model: nn.Module, init_counts: int, max_counts: int) -> None:
        """Tell each wrapper where in the training a run begins; see `OptimWrapper`."""
        for wrapper in self.values():
            wrapper.initialize_count_status(model, init_counts, max_counts)

    @property
    def param_groups(self) -> Any:
        """The lists of parameter groups by the names of the optimizers."""
        return {name: wrapper.param_groups for name, wrapper in self.items()}

    @property
    def inner_count(self) -> int:
        """How many losses the busiest optimizer has seen."""
        return max(wrapper.inner_count for wrapper in self.values())

    def get_lr(self) -> dict[str, list[float]]:
        """Return the learning rates under `<name>.lr`, one for each parameter group."""
        return {
            f"{name}.{key}": rates
            for name, wrapper in self.items()
            for key, rates in wrapper.get_lr().items()
        }

    def get_momentum(self) -> dict[str, list[float]]:
        """Return the momenta under `<name>.momentum`, one for each parameter group."""
        return {
            f"{name}.{key}": momenta
            for name, wrapper in self.items()
            for key, momenta in wrapper.get_momentum().items()
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the states of all wrappers by name."""
        return {name: wrapper.state_dict() for name, wrapper in self.items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned.

        Raises:
            KeyError: If the names are not those of the wrappers.
        """
        if set(state_dict) != set(self.optim_wrappers):
            raise KeyError(
                f"the state is of the optimizers {', '.join(state_dict)}; "
                f"there are {', '.join(self.optim_wrappers)}"
            )
        for name, state in state_dict.items():
            self.optim_wrappers[name].load_state_dict(state)

    def open_gradients(self) -> Any:
        """Return the gradients that wait for a step, by the name of the wrapper."""
        return {name: wrapper.open_gradients() for name, wrapper in self.items()}

    def load_open_gradients(self, gradients: Any) -> None:
        """Take over what `open_gradients` returned."""
        for name, each in gradients.items():
            self.optim_wrappers[name].load_open_gradients(each)

    def items(self) -> Iterator[tuple[str, OptimWrapper]]:
        """Iterate over names and wrappers."""
        yield from self.optim_wrappers.items()

    def values(self) -> Iterator[OptimWrapper]:
        """Iterate over the wrappers."""
        yield from self.optim_wrappers.values()

    def keys(self) -> Iterator[str]:
        """Iterate over the names."""
        yield from self.optim_wrappers

    def __getitem__(self, name: str) -> OptimWrapper:
        return self.optim_wrappers[name]

    def __contains__(self, name: object) -> bool:
        return name in self.optim_wrappers

    def __len__(self) -> int:
        return len(self.optim_wrappers)
