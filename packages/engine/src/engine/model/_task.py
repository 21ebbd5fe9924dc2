"""Task models with function registries, as in Lightning Flash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.registry import FunctionRegistry

from ._base_model import BaseModel


class Task(BaseModel):
    """A model whose class carries registries of the functions that make its parts.

    A class attribute `backbones` that is a `FunctionRegistry` gives the class
    `available_backbones()`, which returns the name of each function in it, sorted; any other name
    does the same. A subclass inherits both, and may replace the registry by its own.
    """

    if TYPE_CHECKING:  # of all names the one that tasks have in common

        @classmethod
        def available_backbones(cls) -> list[str]:
            """Return the names in the registry `backbones`, sorted."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the class `available_<name>` for each of its registries that has none."""
        super().__init_subclass__(**kwargs)
        for name, value in [*vars(cls).items()]:
            if isinstance(value, FunctionRegistry) and not hasattr(cls, f"available_{name}"):
                setattr(cls, f"available_{name}", classmethod(_lister(name)))


def _lister(name: str) -> Callable[[type[Task]], list[str]]:
    def available(cls: type[Task]) -> list[str]:
        registry: FunctionRegistry = getattr(cls, name)
        return registry.available_keys()

    available.__name__ = f"available_{name}"
    available.__doc__ = f"Return the names in the registry `{name}`, sorted."
    return available
