"""Modules by patterns over their names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from engine.utils import did_you_mean


def find_modules(model: nn.Module, patterns: Sequence[str] | str) -> dict[str, nn.Module]:
    """Return the modules of a model whose names fit patterns, in the order of the model.

    Args:
        model: The model, which is none of them itself.
        patterns: One or several, in which `*` stands for any text without a dot:
            `'backbone.layer*'` are `backbone.layer1` and so on, and not what is in them.

    Raises:
        ValueError: If no module fits one of them.
    """
    known = {name: module for name, module in model.named_modules() if name}
    found: set[str] = set()
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        fitting = [name for name in known if _fits(name, pattern)]
        if not fitting:
            hint = did_you_mean(pattern, known)
            raise ValueError(f"{type(model).__name__} has no module {pattern!r}{hint}")
        found.update(fitting)
    return {name: module for name, module in known.items() if name in found}


def _fits(name: str, pattern: str) -> bool:
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
