"""Schedules of a config over its whole training."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from torch import nn

from engine.config import Config, ConfigError
from engine.dataset import length_of
from engine.hooks import ParamSchedulerHook, RunnerLike
from engine.optim import OptimWrapper, OptimWrapperDict, build_optim_wrapper
from engine.registry import DefaultScope, scope_of
from engine.visualization import plot_curves

from ._build import build_dataloader, build_param_schedulers, scale_lr

_POINTS = 2000  # of a curve, more of which no image shows


@dataclass(frozen=True)
class _Length:
    """How long a training is, as a schedule asks the training loop for it."""

    by_epoch: bool
    max_epochs: int
    max_iters: int
    epoch_length: int | None


@dataclass(frozen=True)
class _Run:
    """What the hook that steps schedulers asks a runner for."""

    param_schedulers: list[Any]


def schedule_of(cfg: Config, iters_per_epoch: int | None = None) -> dict[str, list[float]]:
    """Return the values that the schedulers of a config give to the optimizer, without a training.

    No model is built: the values are those of parameters for which `paramwise_cfg` says nothing.
    Data are built only where the length of an epoch is asked for and not given. What waits for a
    metric, as `ReduceOnPlateauLR` does, stays as it is.

    Args:
        cfg: The config of a training.
        iters_per_epoch: The iterations of an epoch; None means those of the training data.

    Returns:
        For the learning rate `lr`, and any other option that a scheduler changes, its value in each
        iteration. With several optimizers their names come first, `generator.lr`.

    Raises:
        ConfigError: If the config has no training, or the length of an epoch is not known.
    """
    for key in ("train_cfg", "optim_wrapper"):
        if not cfg.get(key):
            raise ConfigError(f"a schedule belongs to a training, and the config has no {key}")
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        length = _length_of(cfg, iters_per_epoch)
        wrapper = _optim_wrapper_of(cfg)
        schedulers = build_param_schedulers(
            cfg.get("param_scheduler"), wrapper, length.epoch_length, length
        )
    return _values(wrapper, schedulers, length)


def plot_schedule(values: Mapping[str, Sequence[float]], out: str | Path) -> None:
    """Draw what `schedule_of` returned.

    Args:
        values: The values of each option by iteration.
        out: The image, a PNG.

    Raises:
        ImportError: If matplotlib is missing.
    """
    length = max(map(len, values.values()))
    stride = math.ceil(length / _POINTS)
    steps = [*range(0, length - 1, stride), length - 1]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scalars.json"
        lines = (
            {"step": step, "iter": step, **{name: each[step] for name, each in values.items()}}
            for step in steps
        )
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
        plot_curves({"schedule": [file]}, out, [*values])


def _length_of(cfg: Config, iters_per_epoch: int | None) -> _Length:
    train = cfg.train_cfg
    if "max_iters" in train:
        return _Length(False, 1, train.max_iters, iters_per_epoch)
    if "max_epochs" not in train:
        raise ConfigError("train_cfg says neither max_epochs nor max_iters")
    length = _epoch_length(cfg) if iters_per_epoch is None else iters_per_epoch
    if length < 1:
        raise ConfigError(f"an epoch has at least 1 iteration; got {length}")
    return _Length(True, train.max_epochs, train.max_epochs * length, length)


def _epoch_length(cfg: Config) -> int:
    try:
        length = length_of(build_dataloader(cfg.train_dataloader, seed=0))
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"how many iterations an epoch has is not known, since the training data can't be "
            f"read: {error}; say iters_per_epoch"
        ) from error
    if length is None:
        raise ConfigError("the training data have no length; say iters_per_epoch")
    return length


def _optim_wrapper_of(cfg: Config) -> OptimWrapper:
    """Build the optimizer, or several by name, for a model of one parameter."""
    given = cfg.optim_wrapper
    if "optimizer" in given:
        built = _one_wrapper(given)
    else:
        named = {name: each for name, each in given.items() if isinstance(each, Mapping)}
        built = OptimWrapperDict(**{name: _one_wrapper(each) for name, each in named.items()})
    scale_lr(built, cfg.get("auto_scale_lr"), _batch_size_of(cfg))
    return built


def _one_wrapper(cfg: Mapping[str, Any]) -> OptimWrapper:
    wrapper = build_optim_wrapper(nn.Linear(1, 1, bias=False), {"optimizer": cfg["optimizer"]})
    # Its schedulers are stepped, and it is not: it counts as one that has seen a loss.
    wrapper.initialize_count_status(nn.Identity(), 1, 1)
    return wrapper


def _batch_size_of(cfg: Config) -> int:
    return int((cfg.get("train_dataloader") or {}).get("batch_size", 1))


def _values(
    wrapper: OptimWrapper, schedulers: list[Any], length: _Length
) -> dict[str, list[float]]:
    """Step schedulers as a training does, and return the options that they change."""
    wrappers = {"": wrapper}
    if isinstance(wrapper, OptimWrapperDict):
        wrappers = {f"{name}.": each for name, each in wrapper.items()}
    values: dict[str, list[float]] = {}
    read = []
    for prefix, each in wrappers.items():
        changed = [other.param_name for other in schedulers if other.optimizer is each]
        for name in dict.fromkeys(["lr", *changed]):
            read.append((each.param_groups[0], name, values.setdefault(prefix + name, [])))
    hook, run = ParamSchedulerHook(), cast("RunnerLike", _Run(schedulers))
    hook.before_run(run)
    for number in range(length.max_iters):
        for group, name, series in read:
            series.append(float(group[name]))
        hook.after_train_iter(run, number)
        if length.by_epoch and (number + 1) % (length.epoch_length or 1) == 0:
            hook.after_train_epoch(run)
    return values
