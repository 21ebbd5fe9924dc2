"""The compiled operators of mmcv, which mmcv-lite lacks: libraries import them, few call them."""

from __future__ import annotations

from typing import Any, NoReturn


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)

    def operator(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"mmcv-lite has no compiled operator {name}")

    return operator
