"""Reading of MMEngine's checkpoints.

Such a checkpoint names a few classes and functions beside tensors. Each gets a stand-in of no
effect that keeps what is stored, so that nothing of MMEngine needs to be there, and none of the
functions is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ._numpy import STAND_INS as NUMPY
from ._numpy import StandIn


class _History(StandIn):
    """Stands in for a history of logged values; its attributes are what was stored."""

    _log_history: Any
    _count_history: Any


class _Config(StandIn):
    """Stands in for a config."""

    content: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.content = state[0]


def _nothing(*_: Any) -> None:
    """Stand in for `getattr`, by which the methods of a history are stored."""


STAND_INS: list[Any] = [
    (_History, "mmengine.logging.history_buffer.HistoryBuffer"),
    (dict, "mmengine.config.config.ConfigDict"),
    (_Config, "mmengine.config.config.Config"),
    (_nothing, "builtins.getattr"),
    (_nothing, "__builtin__.getattr"),
    *NUMPY,
]
"""Callables, each with the name that it has in a checkpoint."""


def without_stand_ins(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Return a checkpoint with plain data for what stand-ins hold, in the form of this engine.

    Args:
        checkpoint: Any checkpoint; one of this engine is returned as it is.
    """
    meta = checkpoint.get("meta")
    if not (isinstance(meta, Mapping) and "mmengine_version" in meta):
        return checkpoint
    plain = {
        key: value if key in ("state_dict", "optimizer", "ema_state_dict") else _plain(value)
        for key, value in checkpoint.items()
    }
    hub = plain.get("message_hub")
    if isinstance(hub, dict):
        plain["message_hub"] = {"log_scalars": hub.get("log_scalars", {}), "runtime_info": {}}
    if "ema_state_dict" in plain:
        place = {"key": "ema_state_dict", "prefix": "module."}
        plain["meta"] = {**plain["meta"], "trained_weights": place}
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, _History):
        parts = (value._log_history, value._count_history)
        return [torch.from_numpy(np.array(part)) for part in parts]
    if isinstance(value, _Config):
        return _plain(value.content)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_plain(each) for each in value])
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    return value
