"""What of a run goes into a checkpoint, and how it comes back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import __version__
from engine.dist import all_gather_object, get_rank
from engine.model import unwrapped

from ._checkpoint import CheckpointError
from ._seed import random_state

if TYPE_CHECKING:
    from ._runner import Runner


def gather(
    runner: Runner,
    *,
    save_optimizer: bool = True,
    save_param_scheduler: bool = True,
    meta: Mapping[str, Any] | None = None,
    by_epoch: bool | None = None,
) -> dict[str, Any]:
    """Return a checkpoint: tensors and plain data.

    All processes call it together, since each adds where its generators stand.

    Args:
        runner: The runner.
        save_optimizer: Whether the state of the optimizer belongs in.
        save_param_scheduler: Whether the state of the schedulers belongs in.
        meta: More facts about the run.
        by_epoch: What the loop is about to count as done: True the present epoch, False the
            present iteration, None neither.
    """
    position = dict(runner.train_loop.state_dict()) if runner.train_loop is not None else {}
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
        "state_dict": {
            key: value.cpu() for key, value in unwrapped(runner.model).state_dict().items()
        },
        "message_hub": runner.message_hub.state_dict(),
        "random_state": all_gather_object(random_state()),
    }
    if save_optimizer:
        checkpoint["optimizer"] = runner.optim_wrapper.state_dict()
    if save_param_scheduler:
        checkpoint["param_schedulers"] = [each.state_dict() for each in runner.param_schedulers]
    return checkpoint


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
    if "iter" not in meta or (resume_optimizer and "optimizer" not in checkpoint):
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
    random_states = checkpoint.get("random_state", [])
    return random_states[get_rank()] if get_rank() < len(random_states) else None
