"""Reading of MMEngine's checkpoints.

Such a checkpoint names a few classes and functions beside tensors. Each gets a stand-in of no
effect that keeps what is stored, so that nothing of MMEngine needs to be there, and none of the
functions is called.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from engine.fileio._numpy_stand_ins import STAND_INS as NUMPY
from engine.fileio._numpy_stand_ins import StandIn


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
    """Stand in for `getattr`, by which methods of a history or scheduler are stored."""


STAND_INS: list[Any] = [
    (_History, "mmengine.logging.history_buffer.HistoryBuffer"),
    (dict, "mmengine.config.config.ConfigDict"),
    (_Config, "mmengine.config.config.Config"),
    (StandIn, "mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler"),
    (_nothing, "builtins.getattr"),
    (_nothing, "__builtin__.getattr"),
    *NUMPY,
]
"""Callables, each with the name that it has in a checkpoint."""

_EMA, _MODULE = "ema_state_dict", "module."
_OF_EACH_RUN = frozenset(
    [
        *("cfg", "dataset_meta", "experiment_name", "mmengine_version", "seed"),
        *("epoch", "eta", "iter", "loop_stage", "max_epochs", "max_iters"),
        *("keep_ckpt_ids", "last_ckpt"),
    ]
)


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
    meta, hub = plain["meta"], plain.get("message_hub")
    if isinstance(hub, dict):
        scalars, info = hub.get("log_scalars", {}), hub.get("runtime_info", {})
        plain["message_hub"] = {"log_scalars": scalars, "runtime_info": _facts(info, scalars)}
        if info.get("loop_stage") == "val":  # the validation that follows is part of it
            meta["validated"] = meta.get("epoch") or meta.get("iter")
    schedulers = plain.get("param_schedulers")
    if isinstance(schedulers, dict):  # of several optimizers, by their names
        schedulers = list(itertools.chain.from_iterable(schedulers.values()))
    if schedulers is not None:
        plain["param_schedulers"] = [_schedule(each) for each in schedulers]
    if "ema_state_dict" in plain:
        meta["trained_weights"] = {"key": _EMA, "prefix": _MODULE}
        plain["state_dict"] = {**plain["state_dict"], **_counts(plain[_EMA])}
    return plain


def _facts(info: Mapping[str, Any], scalars: Iterable[str]) -> dict[str, Any]:
    """Return what hooks know, without what each run tells anew.

    Args:
        info: The facts of a message hub.
        scalars: The names of its scalars.
    """
    facts: dict[str, Any] = {}
    best: dict[str, str] = {}
    for key, value in info.items():
        kind, _, metric = key.removeprefix("best_").partition("_")
        if key.startswith("best_") and kind in ("score", "ckpt"):
            metric = metric or _metric_of(str(info.get("best_ckpt")), scalars)
            if kind == "score":
                facts[f"best_{metric}"] = value
            else:
                best[metric] = _file_name(value)
        elif key not in _OF_EACH_RUN:
            facts[key] = value
    if best:
        facts["kept_best_checkpoints"] = best
    if ids := info.get("keep_ckpt_ids"):
        last = _file_name(info["last_ckpt"])
        facts["kept_checkpoints"] = [last.replace(str(ids[-1]), str(each)) for each in ids]
    return facts


def _metric_of(best: str, scalars: Iterable[str]) -> str:
    """Return the metric by which a file is the best; its name has `_` for a slash."""
    metrics = [key.removeprefix("val/") for key in scalars if key.startswith("val/")]
    start = _file_name(best).removeprefix("best_")
    fitting = [each for each in metrics if start.startswith(each.replace("/", "_"))]
    return max(fitting, key=len, default="")


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _schedule(state: Any) -> Any:
    """Return the state of a scheduler with its milestones in a row."""
    if not (isinstance(state, dict) and isinstance(state.get("milestones"), dict)):
        return state
    times = state["milestones"].items()
    return {**state, "milestones": sorted(time for time, count in times for _ in range(count))}


def _counts(average: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tensors beside an average that are no averages, but those of the model."""
    return {
        key.removeprefix(_MODULE): value
        for key, value in average.items()
        if key.startswith(_MODULE) and not value.is_floating_point()
    }


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
