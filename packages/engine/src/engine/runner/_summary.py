"""What a run is, told before it begins, and what came of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import torch
from torch import nn

from engine import __version__
from engine.config import Config, ConfigError, leaves
from engine.dataset import length_of
from engine.dist import get_world_size
from engine.hooks import Hook

_SHOWN = 8  # overrides


def describe_run(runner: Any) -> str:
    """Return what a run is, in lines: its config, device, data and model.

    Args:
        runner: The runner, whose training is built.
    """
    facts = {
        "config": _config_of(runner.cfg),
        "device": _device_of(runner),
        "seed": str(runner.seed),
        "versions": (
            f"engine {__version__}, torch {torch.__version__}, Python {platform.python_version()}"
        ),
        "work_dir": runner.work_dir,
        "data": _data_of(runner),
        "model": f"{runner.model_name}, {_parameters_of(runner.model)}",
    }
    return _format("The run", facts)


def describe_outcome(runner: Any, seconds: float) -> str:
    """Return what came of a training, in lines: its time, checkpoints and files.

    Args:
        runner: The runner.
        seconds: How long the training took.
    """
    facts = {"time": str(timedelta(seconds=round(seconds)))}
    for hook in runner.hooks:
        facts |= hook.outcome(runner) if isinstance(hook, Hook) else {}
    return _format("Trained", {**facts, "work_dir": runner.work_dir})


def _format(title: str, facts: Mapping[str, str]) -> str:
    told = {name: text for name, text in facts.items() if text}
    width = max(map(len, told)) + 2
    lines = [f"  {name:{width}}{text}" for name, text in told.items()]
    return "\n".join([title, *lines])


def _config_of(cfg: Config) -> str:
    name = "" if cfg.filename is None else os.path.relpath(cfg.filename)
    if name.startswith(".."):
        name = str(cfg.filename)
    options = [*_options_in(cfg)]
    if len(options) > _SHOWN:
        options[_SHOWN:] = [f"{len(options) - _SHOWN} more"]
    return ", ".join([name or "none", *options])


def _options_in(cfg: Config) -> Iterable[str]:
    """Yield what options of the command line have set, as `key=value`."""
    for path, value in leaves(cfg):
        try:
            site = cfg.provenance(path).site
        except ConfigError:  # a key with a dot in it has no path
            continue
        if str(site).startswith("--") and path not in ("launcher", "work_dir"):
            yield f"{path}={value}"


def _device_of(runner: Any) -> str:
    strategy = runner.strategy
    name = str(strategy.device)
    if strategy.device.type == "cuda":
        name += f" ({torch.cuda.get_device_name(strategy.device)})"
    if (size := get_world_size()) > 1:
        name += f" in each of {size} processes ({type(strategy).__name__})"
    lower = getattr(runner.optim_wrapper, "dtype", None) or strategy.precision
    compiled = ", compiled" if strategy.compile else ""
    return f"{name}, {str(lower or torch.get_default_dtype()).removeprefix('torch.')}{compiled}"


def _data_of(runner: Any) -> str:
    loops = {"training": runner.train_loop, "validation": runner.val_loop}
    counts = []
    for name, loop in loops.items():
        dataset = getattr(getattr(loop, "dataloader", None), "dataset", None)
        if dataset is not None and (length := length_of(dataset)) is not None:
            counts.append(f"{length:,} samples for {name}")
    return ", ".join(counts)


def _parameters_of(model: nn.Module) -> str:
    parameters = [*model.parameters()]
    total = sum(each.numel() for each in parameters)
    trainable = sum(each.numel() for each in parameters if each.requires_grad)
    suffix = "" if trainable == total else f", {trainable:,} of them trainable"
    return f"{total:,} parameters{suffix}"
