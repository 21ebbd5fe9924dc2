"""Pipeline of transforms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.registry import TRANSFORMS, Registry

Transform = Callable[[Any], Any]


class Compose:
    """Apply transforms one after the other.

    Args:
        transforms: Callables, or configs of ones.
        registry: Where those are looked up.

    Raises:
        TypeError: If one of them is neither.
    """

    def __init__(
        self,
        transforms: Sequence[Mapping[str, Any] | Transform] | None,
        registry: Registry[Any] = TRANSFORMS,
    ) -> None:
        self.transforms: list[Transform] = [
            _build(transform, registry) for transform in transforms or ()
        ]

    def __call__(self, data: Any) -> Any:
        """Transform a sample; None as soon as one of the transforms gives it up.

        Args:
            data: What the first transform takes: the information of a sample.
        """
        for transform in self.transforms:
            data = transform(data)
            if data is None:
                return None
        return data

    def __repr__(self) -> str:
        lines = "".join(f"    {transform}\n" for transform in self.transforms)
        return f"{type(self).__name__}(\n{lines})"


def _build(transform: Mapping[str, Any] | Transform, registry: Registry[Any]) -> Transform:
    built = registry.build(transform) if isinstance(transform, Mapping) else transform
    if not callable(built):
        raise TypeError(f"a transform must be a callable or the config of one, got {transform!r}")
    result: Transform = built
    return result
