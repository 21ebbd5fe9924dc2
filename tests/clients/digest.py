"""A short digest of the values of a config, which is the same under MMEngine and under engine."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath
from types import FunctionType
from typing import Any


def digest(cfg: Any) -> str:
    """Return 12 hexadecimal digits that tell one config from another by its values.

    Functions that a config file defines don't count, nor does a `_delete_` that MMEngine leaves
    where the base has no such key.

    Args:
        cfg: A `Config` of either engine; a class in it counts by the dotted name that `to_dict`
            gives it.
    """
    values = cfg.to_dict()
    own = {key: each for key, each in values.items() if not isinstance(each, FunctionType)}
    text = json.dumps(canonical(own), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def canonical(value: Any) -> Any:
    """Return a value as JSON: a tuple is not a list, and `1` is neither `1.0` nor `True`."""
    if isinstance(value, dict):
        return {
            f"{type(key).__name__}:{key}": canonical(each)
            for key, each in value.items()
            if key != "_delete_"
        }
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(canonical, value)]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(map(repr, value))]
    if value is None or isinstance(value, (bool, int, float, str)):
        return f"{type(value).__name__}:{value!r}"
    if isinstance(value, PurePath):
        return f"path:{value.as_posix()}"
    if hasattr(value, "__qualname__"):
        return f"str:'{value.__module__}.{value.__qualname__}'"
    return f"{type(value).__name__}:?"
