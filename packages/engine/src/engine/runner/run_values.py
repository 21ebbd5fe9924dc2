"""The values that the keys of a run's config may have.

The runner and the linter check them by this table.
"""

from __future__ import annotations

import inspect
import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

from engine.utils import did_you_mean

from .run_table import LAUNCHERS, LOADERS

_LOOPS = ("train_cfg", "val_cfg", "test_cfg")
_OTHERS = (
    "model",
    "data_preprocessor",
    "optim_wrapper",
    "log_processor",
    "visualizer",
    "strategy",
    "model_wrapper_cfg",
)
_PLAIN = (str, bytes, int, float, complex, list, tuple, set, frozenset)

Kind = tuple[str, Callable[[Any], bool]]


def is_part(value: Any) -> bool:
    """Return whether a value may be a part of a run, or its config."""
    return not isinstance(value, _PLAIN)


def _is_several(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        each is not None and is_part(each) for each in value
    )


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_number(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _are_signals(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        f"SIG{each}" in signal.Signals.__members__ for each in value
    )


def _is_level(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, str) and value in logging.getLevelNamesMapping())


_PART: Kind = ("a config (a mapping) or the part itself", is_part)
_PARTS: Kind = ("a part or its config, or several of them", lambda x: is_part(x) or _is_several(x))
_MAPPING: Kind = ("a mapping", _is_mapping)
_FLAG: Kind = ("True or False", lambda x: isinstance(x, bool))

_OPTIONS: Mapping[str, Mapping[str, Kind]] = {
    "env_cfg": {
        "cudnn_benchmark": _FLAG,
        "dist_cfg": _MAPPING,
        "mp_cfg": _MAPPING,
        "resource_limit": ("a number", _is_number),
        "stop": _MAPPING,
    },
    "env_cfg.stop": {
        "signals": ("a list of signals, ['TERM', 'USR1'] for example", _are_signals),
        "requeue": ("'slurm' or None", lambda x: x == "slurm"),
        "exit_status": ("a number from 0 to 255", lambda x: _is_number(x) and 0 <= x <= 255),
    },
    "randomness": {
        "seed": ("a whole number or None", _is_number),
        "diff_rank_seed": _FLAG,
        "deterministic": _FLAG,
    },
    "auto_scale_lr": {
        "enable": _FLAG,
        "base_batch_size": ("a positive number", lambda x: _is_number(x) and x > 0),
    },
}
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys((*LOADERS, *_LOOPS, *_OTHERS), _PART),
    **dict.fromkeys(("param_scheduler", "val_evaluator", "test_evaluator"), _PARTS),
    **dict.fromkeys(_OPTIONS, _MAPPING),
    "default_hooks": (
        "a mapping of names to hooks or their configs",
        lambda x: isinstance(x, Mapping) and all(map(is_part, x.values())),
    ),
    "custom_hooks": ("a list of hooks or their configs", _is_several),
    "work_dir": ("a folder", lambda x: isinstance(x, (str, Path))),
    "load_from": ("the name of a checkpoint", lambda x: isinstance(x, (str, Path))),
    "resume": ("True, False or the name of a checkpoint", lambda x: isinstance(x, (bool, str))),
    "launcher": (f"one of {', '.join(LAUNCHERS)}", lambda x: x in LAUNCHERS),
    "log_level": ("a level of logging, 'INFO' for example", _is_level),
    "default_scope": ("the name of a scope", lambda x: isinstance(x, str)),
    "experiment_name": ("a text", lambda x: isinstance(x, str)),
    "runner_type": (
        "the name of a runner, or its class",
        lambda x: callable(x) or (isinstance(x, str) and x != ""),
    ),
    "compile": ("True, False or a mapping", lambda x: isinstance(x, (bool, Mapping))),
}
_NEVER_NONE = frozenset(
    {"model", "work_dir", "launcher", "log_level", "default_scope", "runner_type"}
)


def wrong_values(cfg: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the values of the keys of a run, whatever they are.

    Args:
        cfg: A config, or the arguments of a runner by name; other keys are ignored.

    Yields:
        Dotted keys, and what to say of each.
    """
    for key, kind in _KINDS.items():
        if key not in cfg:
            continue
        value = cfg[key]
        if (value is not None or key in _NEVER_NONE) and (value is None or not kind[1](value)):
            yield key, f"it is {kind[0]}, not {_format_value(value)}"
        elif isinstance(value, Mapping):
            yield from _within(key, value)


def _within(key: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if key in LOADERS and "dataset" not in options:
        yield key, "a data loader needs a 'dataset'"
    known: Sequence[str] = [*_OPTIONS.get(key, ())]
    if key == "compile":
        import torch  # deferred: nothing else here needs it

        known = ["target", *inspect.signature(torch.compile).parameters]
    for option, value in options.items() if known else ():
        if option not in known:
            hint = did_you_mean(str(option), known)
            yield f"{key}.{option}", f"there is no such option{hint}"
        elif key in _OPTIONS and value is not None and not _OPTIONS[key][option][1](value):
            yield f"{key}.{option}", f"it is {_OPTIONS[key][option][0]}, not {_format_value(value)}"
        elif isinstance(value, Mapping):
            yield from _within(f"{key}.{option}", value)
    if key == "auto_scale_lr" and options.get("enable") and "base_batch_size" not in options:
        yield key, "it needs base_batch_size, for which the learning rate was chosen"


def _format_value(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
