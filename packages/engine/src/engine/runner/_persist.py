"""What of a run goes into a checkpoint, and how it comes back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from engine import __version__
from engine.checkpoint import CheckpointError, CheckpointLoader
from engine.dist import all_gather_object, get_rank, get_world_size
from engine.hooks import EMAHook
from engine.logging import get_logger
from engine.model import random_state, unwrapped

if TYPE_CHECKING:
    from ._runner import Runner

_AVERAGE, _TRAINED = "ema_state_dict", "module."
# Whether the next forward pass begins with the buffers of the first process: not behind an
# iteration of which the gradients are only accumulated.
_SYNCS = "require_forward_param_sync"


def gather(
    runner: Runner,
    *,
    save_optimizer: bool = True,
    save_param_scheduler: bool = True,
    meta: Mapping[str, Any] | None = None,
    by_epoch: bool | None = None,
) -> dict[str, Any]:
    """Return a checkpoint: tensors and plain data.

    All processes call it together, since each adds where its generators and its data stand.

    Args:
        runner: The runner.
        save_optimizer: Whether the state of the optimizer belongs in.
        save_param_scheduler: Whether the state of the schedulers belongs in.
        meta: More facts about the run.
        by_epoch: What the loop is about to count as done: True the present epoch, False the
            present iteration, None neither.
    """
    loop = runner.train_loop
    position = dict(loop.state_dict()) if hasattr(loop, "state_dict") else {}
    if position and by_epoch is not None:
        position["epoch" if by_epoch else "iter"] += 1
    checkpoint: dict[str, Any] = {
        "meta": {
            **(meta or {}),
            **position,
            "cfg": runner.cfg.pretty_text,
            "seed": runner.seed,
            "experiment_name": runner.experiment_name,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "engine_version": __version__,
            "world_size": runner.world_size,
        },
        "state_dict": runner.strategy.state_dict(runner.model),
        "message_hub": runner.message_hub.state_dict(),
        "visualizer": runner.visualizer.state_dict(),
        "processes": all_gather_object(_state_of_process(runner)),
    }
    if save_optimizer:
        checkpoint["optimizer"] = runner.optim_wrapper.state_dict()
    if save_param_scheduler:
        checkpoint["param_schedulers"] = [each.state_dict() for each in runner.param_schedulers]
    return checkpoint


def _state_of_process(runner: Runner) -> dict[str, Any]:
    """Return what differs from one process to another."""
    state: dict[str, Any] = {"random": random_state()}
    if (feed := getattr(runner.train_loop, "feed", None)) is not None:
        state["data"] = feed.state_dict()
    if runner.world_size > 1:
        model = unwrapped(runner.model)
        kept = model.state_dict()
        state["gradients"] = runner.optim_wrapper.open_gradients()
        state["buffers"] = {name: each for name, each in model.named_buffers() if name in kept}
        state["syncs"] = [getattr(each, _SYNCS) for each in _distributed_parts(runner.model)]
    return state


def _distributed_parts(model: nn.Module) -> list[DistributedDataParallel]:
    return [each for each in model.modules() if isinstance(each, DistributedDataParallel)]


def seed_of_training(filename: str, wanted: int | None) -> int | None:
    """Return the seed with which a training goes on.

    Args:
        filename: Its checkpoint.
        wanted: The seed that the run was given; one that is not that of the checkpoint holds, with
            a warning.

    Raises:
        CheckpointError: If the checkpoint can't be read.
    """
    checkpoint = CheckpointLoader.load_checkpoint(filename, "cpu", mmap=True)
    had: int | None = checkpoint.get("meta", {}).get("seed")
    if wanted is None or had is None or wanted == had:
        return had if wanted is None else wanted
    get_logger().warning(
        "The seed is %d, and that of %s was %d: the order of the data changes",
        wanted,
        filename,
        had,
    )
    return wanted


def restore(
    runner: Runner,
    checkpoint: Mapping[str, Any],
    filename: str,
    *,
    resume_optimizer: bool = True,
    resume_param_scheduler: bool = True,
) -> dict[str, Any] | None:
    """Put all but the weights back to where the checkpoint was made.

    Args:
        runner: The runner, with its training parts built.
        checkpoint: What `gather` returned.
        filename: What errors call it.
        resume_optimizer: Whether to restore the state of the optimizer.
        resume_param_scheduler: Whether to restore the state of the schedulers.

    Returns:
        Where the generators of this process stood, or None if that is not known.

    Raises:
        CheckpointError: If the checkpoint holds weights only, or was made with other schedulers.
    """
    meta = checkpoint.get("meta", {})
    if "iter" not in meta or (resume_optimizer and checkpoint.get("optimizer") is None):
        raise CheckpointError(
            f"{filename} holds weights, but not the state of a training that could go on; "
            "to start from the weights, set load_from without resume"
        )
    runner.train_loop.load_state_dict(meta)
    if resume_optimizer:
        runner.optim_wrapper.load_state_dict(checkpoint["optimizer"])
    states = checkpoint.get("param_schedulers", [])
    if resume_param_scheduler:
        if len(states) != len(runner.param_schedulers):
            raise CheckpointError(
                f"{filename} was made with {len(states)} parameter schedulers; the config has "
                f"{len(runner.param_schedulers)}"
            )
        for scheduler, state in zip(runner.param_schedulers, states, strict=True):
            scheduler.load_state_dict(state)
    runner.message_hub.load_state_dict(checkpoint["message_hub"])
    runner.visualizer.load_state_dict(checkpoint.get("visualizer", {}))
    return _restore_process(runner, checkpoint.get("processes", []), filename, resume_optimizer)


def _restore_process(
    runner: Runner, processes: list[dict[str, Any]], filename: str, resume_optimizer: bool
) -> dict[str, Any] | None:
    if len(processes) != get_world_size():
        made_by = f"{len(processes)} processes" if processes else "another engine"
        get_logger().warning(
            "%s was made by %s, so the training does not go on exactly: random numbers differ",
            filename,
            made_by,
        )
        return None
    state = processes[get_rank()]
    feed = getattr(runner.train_loop, "feed", None)
    if feed is not None and "data" in state:
        feed.load_state_dict(state["data"])
    if resume_optimizer and "gradients" in state:
        runner.optim_wrapper.load_open_gradients(state["gradients"])
    unwrapped(runner.model).load_state_dict(state.get("buffers", {}), strict=False)
    for part, syncs in zip(_distributed_parts(runner.model), state.get("syncs", ()), strict=False):
        setattr(part, _SYNCS, syncs)
    random: dict[str, Any] = state["random"]
    return random


def trained_weights(runner: Runner, checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Return a checkpoint with the weights that were trained, where `state_dict` has an average.

    A run with an `EMAHook` needs both, and gets the checkpoint as it is.

    Args:
        runner: The run that goes on.
        checkpoint: What was read.
    """
    if _AVERAGE not in checkpoint or any(isinstance(each, EMAHook) for each in runner.hooks):
        return checkpoint
    get_logger().warning(
        "The checkpoint has an average of the weights, and the run has no EMAHook to go on with it"
    )
    trained = {
        key.removeprefix(_TRAINED): value
        for key, value in checkpoint[_AVERAGE].items()
        if key.startswith(_TRAINED)
    }
    return {**checkpoint, "state_dict": {**checkpoint["state_dict"], **trained}}
