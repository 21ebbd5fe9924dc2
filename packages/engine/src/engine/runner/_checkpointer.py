"""Saving and loading of a run's state."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from engine import __version__
from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointError,
    CheckpointLoader,
    ReviseKeys,
    clone_tensors,
    metadata_of,
    rename_keys,
    weights_of,
)
from engine.dist import (
    broadcast_object_list,
    gather_object,
    get_launch_id,
    get_rank,
    get_world_size,
    is_sharded,
)
from engine.logging import get_logger
from engine.model import load_state_dict, random_state, unwrap
from engine.utils import is_plain

from ._resume_point import is_training
from ._shards import has_shards
from ._strategies import BaseStrategy

# Whether the next forward pass begins with the buffers of rank 0. It does not after an iteration
# whose gradients are only accumulated.
_SYNCS = "require_forward_param_sync"


def load_checkpoint(
    model: nn.Module,
    filename: str | Path,
    map_location: str | torch.device | None = None,
    strict: bool = False,
    logger: logging.Logger | None = None,
    revise_keys: ReviseKeys = WITHOUT_WRAPPER,
) -> dict[str, Any]:
    """Load the weights of a checkpoint into a model, and return all that it holds.

    Args:
        model: The model.
        filename: The file or URL; its weights are under `state_dict`, or it is a state dict itself.
        map_location: The device on which it is read; None means that of its tensors.
        strict: Whether the weights must fit the model exactly.
        logger: Where differences are reported; None means that of the engine.
        revise_keys: Pairs of a pattern and its replacement, applied to each key in turn.

    Returns:
        The checkpoint as it is in the file.

    Raises:
        CheckpointError: If the file can't be read, or its weights don't fit.
    """
    checkpoint = CheckpointLoader.load_checkpoint(filename, map_location)
    load_weights(model, checkpoint, filename, strict, logger, revise_keys)
    return checkpoint


def load_weights(
    model: nn.Module,
    checkpoint: Mapping[str, Any],
    filename: str | Path,
    strict: bool = False,
    logger: logging.Logger | None = None,
    revise_keys: ReviseKeys = WITHOUT_WRAPPER,
) -> None:
    """Load the weights of a checkpoint that was read into a model; see `load_checkpoint`."""
    weights = rename_keys(weights_of(checkpoint, filename), revise_keys)
    try:
        load_state_dict(model, weights, strict, logger)
    except CheckpointError as error:
        raise CheckpointError(f"{filename}: {error}") from None


class Checkpointer:
    """Saving and loading of the state of a training: its model and its other stateful parts.

    Args:
        model: The model.
        strategy: What gathers the weights of the model.
        loop: The training loop, if there is one; its state is the position in the training.
        parts: The other parts with a state, by their keys in a checkpoint.
        facts: Facts about the run for `meta`.
    """

    def __init__(
        self,
        model: nn.Module,
        strategy: BaseStrategy,
        loop: Any,
        parts: Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> None:
        self._model = model
        self._strategy = strategy
        self._loop = loop
        self._parts = parts
        self._facts = facts

    def state_dict(
        self,
        meta: Mapping[str, Any] | None = None,
        by_epoch: bool | None = None,
        is_local: bool = False,
    ) -> dict[str, Any]:
        """Return a checkpoint: tensors and plain data.

        All processes call it together. In the first one it has the state of each process as well.

        Args:
            meta: More facts about the run.
            by_epoch: What the loop is about to count as done: True the present epoch, False the
                present iteration, None neither.
            is_local: Whether weights and the state of the optimizer are as this process has them,
                and its own state is left out: for a folder, into which each process writes.
        """
        position = dict(self._loop.state_dict()) if hasattr(self._loop, "state_dict") else {}
        if position and by_epoch is not None:
            position["epoch" if by_epoch else "iter"] += 1
        facts = {
            **self._facts,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "engine_version": __version__,
            "world_size": get_world_size(),
            "launch": get_launch_id(),
        }
        dataset = getattr(getattr(self._loop, "dataloader", None), "dataset", None)
        if isinstance(metainfo := getattr(dataset, "metainfo", None), Mapping):
            facts["dataset_meta"] = _plain_entries(metainfo)
        state = {"meta": {**(meta or {}), **position, **facts}, **self._weights(is_local)}
        for key, part in self._parts.items():
            if key != "optimizer":
                is_list = isinstance(part, list)
                state[key] = [each.state_dict() for each in part] if is_list else part.state_dict()
        if not is_local:
            state["processes"] = gather_object(self.process_state()) or []
        return state

    def _weights(self, is_local: bool) -> dict[str, Any]:
        """Return the weights, and the state of the optimizer if that belongs in."""
        optimizer = self._parts.get("optimizer")
        if is_local:
            return self._strategy.local_state(self._model, optimizer)
        state = {"state_dict": self._strategy.state_dict(self._model)}
        if optimizer is not None:
            state["optimizer"] = self._strategy.optimizer_state(self._model, optimizer)
        return state

    def process_state(self) -> dict[str, Any]:
        """Return what differs from one process to another; all processes call it together."""
        state: dict[str, Any] = {"random": random_state()}
        if (loader := getattr(self._loop, "resumable_loader", None)) is not None:
            state["data"] = loader.state_dict()
        if get_world_size() > 1:
            model = unwrap(self._model)
            kept = model.state_dict()
            own = {
                name: each
                for name, each in model.named_buffers()
                if name in kept and not is_sharded(each)
            }
            # Those of the first process are among the weights.
            firsts = [{name: _digest(each) for name, each in own.items()}]
            broadcast_object_list(firsts)
            state["buffers"] = {
                name: each for name, each in own.items() if _digest(each) != firsts[0].get(name)
            }
            state["syncs"] = [getattr(each, _SYNCS) for each in self._distributed_modules()]
            # Of sharded parameters the state of the optimizer has the gradients whole.
            optimizer = self._parts.get("optimizer")
            if optimizer is not None and not any(map(is_sharded, model.parameters())):
                state["gradients"] = optimizer.open_gradients()
        return state

    def load_state_dict(
        self, checkpoint: Mapping[str, Any], filename: str
    ) -> dict[str, Any] | None:
        """Restore all but the weights of the model.

        Args:
            checkpoint: What `state_dict` returned.
            filename: The name of the checkpoint, for errors.

        Returns:
            The state of the generators of this process, or None if that is not known.

        Raises:
            CheckpointError: If it holds weights only, or was made with other schedulers.
        """
        if not is_training(checkpoint, needs_optimizer="optimizer" in self._parts):
            raise CheckpointError(
                f"{filename} holds weights, but not the state of a training that could go on; "
                "to start from the weights, set load_from without resume"
            )
        state = metadata_of(checkpoint)
        if "optimizer" in self._parts:
            state["optimizer"] = clone_tensors(checkpoint["optimizer"])
        self._loop.load_state_dict(state["meta"])
        for key, part in self._parts.items():
            if key == "optimizer":
                self._load_optimizer_state(part, state[key])
            else:
                _load_state(part, state.get(key), filename)
        processes = state.get("processes", [])
        if len(processes) == get_world_size():
            return self._load_process_state(processes[get_rank()])
        made_by = f"{len(processes)} processes" if processes else "another engine"
        get_logger().warning(
            "%s was made by %s, so the training does not go on exactly: random numbers differ",
            filename,
            made_by,
        )
        return None

    def _load_optimizer_state(self, optim_wrapper: Any, state: dict[str, Any]) -> None:
        if has_shards(state):  # as this process has them
            optim_wrapper.load_state_dict(state)
        else:
            self._strategy.load_optimizer_state(self._model, optim_wrapper, state)

    def _load_process_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        loader = getattr(self._loop, "resumable_loader", None)
        if loader is not None and "data" in state:
            loader.load_state_dict(state["data"])
        if "optimizer" in self._parts and "gradients" in state:
            self._parts["optimizer"].load_open_gradients(state["gradients"])
        unwrap(self._model).load_state_dict(state.get("buffers", {}), strict=False)
        syncs = state.get("syncs", ())
        for module, each in zip(self._distributed_modules(), syncs, strict=False):
            setattr(module, _SYNCS, each)
        random: dict[str, Any] = state["random"]
        return random

    def _distributed_modules(self) -> list[DistributedDataParallel]:
        modules = self._model.modules()
        return [each for each in modules if isinstance(each, DistributedDataParallel)]


def _digest(tensor: Tensor) -> str:
    content = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)
    return hashlib.sha256(content.numpy().tobytes()).hexdigest()


def _plain_entries(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is plain data among facts, or can be made so: arrays become lists."""
    plain = {key: _plain(value) for key, value in facts.items()}
    return {key: value for key, value in plain.items() if is_plain([key, value])}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return (list if isinstance(value, list) else tuple)(map(_plain, value))
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _load_state(part: Any, state: Any, filename: str) -> None:
    if not isinstance(part, list):
        part.load_state_dict({} if state is None else state)
        return
    states = state or []
    if len(states) != len(part):
        raise CheckpointError(
            f"{filename} was made with {len(states)} parameter schedulers; the config has "
            f"{len(part)}"
        )
    for each, its_state in zip(part, states, strict=True):
        each.load_state_dict(its_state)


def with_trained_weights(checkpoint: dict[str, Any], claimed: Collection[str]) -> dict[str, Any]:
    """Return a checkpoint whose `state_dict` holds the weights that were trained.

    It may hold others to test with, such as an average; `trained_weights` in `meta` then says where
    the trained ones are.

    Args:
        checkpoint: What was read.
        claimed: The keys that hooks of the run read back; what is under them is left to the hooks.
    """
    place = checkpoint.get("meta", {}).get("trained_weights")
    if place is None or place["key"] in claimed:
        return checkpoint
    get_logger().warning(
        "The checkpoint has an average of the weights, and the run has no EMAHook to go on with it"
    )
    prefix = place["prefix"]
    trained = {
        key.removeprefix(prefix): value
        for key, value in checkpoint[place["key"]].items()
        if key.startswith(prefix)
    }
    return {**checkpoint, "state_dict": {**checkpoint["state_dict"], **trained}}
