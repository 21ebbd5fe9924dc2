"""Shards of parameters, and which of the tensors in a checkpoint are sharded like them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.checkpoint import ShardLike
from engine.dist import is_sharded
from engine.model import get_state_dict

_MODULE = "module."  # in front of the weights in an average


def has_shards(content: Any) -> bool:
    """Return whether something is, or holds, a tensor of which a process has a shard alone.

    Args:
        content: A tensor, or dictionaries and lists of them.
    """
    if isinstance(content, Mapping):
        return any(map(has_shards, content.values()))
    if isinstance(content, (list, tuple)):
        return any(map(has_shards, content))
    return is_sharded(content)


def shards_like(model: nn.Module, optim_wrapper: Any = None) -> ShardLike | None:
    """Return a function that says how the tensors of a checkpoint are sharded in this run.

    A weight is sharded as that of the model, and what an optimizer keeps of a parameter as the
    parameter, if it has the shape of it.

    Args:
        model: The model.
        optim_wrapper: The wrapper of its optimizer; None means that there is none.

    Returns:
        The function, or None if each process has all of each parameter.
    """
    if not any(map(is_sharded, model.parameters())):
        return None
    weights = get_state_dict(model)
    parameters = dict(_parameters(optim_wrapper)) if optim_wrapper is not None else {}

    def like(path: tuple[Any, ...], shape: torch.Size) -> Tensor | None:
        if path[0] == "optimizer":
            found = parameters.get(path[1:], parameters.get(path[1:-1]))
        else:
            found = weights.get(path[-1], weights.get(str(path[-1]).removeprefix(_MODULE)))
        return found if found is not None and is_sharded(found) and found.shape == shape else None

    return like


def _parameters(optim_wrapper: Any) -> Iterator[tuple[tuple[Any, ...], Tensor]]:
    """Yield the parameters by the path of what an optimizer keeps of them."""
    wrappers: Mapping[str, Any] | None = getattr(optim_wrapper, "optim_wrappers", None)
    if wrappers is not None:
        for name, wrapper in wrappers.items():
            for path, parameter in _parameters(wrapper):
                yield (name, *path), parameter
        return
    groups = optim_wrapper.optimizer.param_groups
    for index, parameter in enumerate(each for group in groups for each in group["params"]):
        yield ("state", index), parameter  # a dictionary by the names of what is kept
        yield ("open_gradients", index), parameter
