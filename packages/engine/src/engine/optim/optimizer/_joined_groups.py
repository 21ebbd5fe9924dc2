"""Parameter groups of equal options, handled as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from torch import nn
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.optim import Optimizer

_Group = dict[str, Any]
_Parts = Sequence[Sequence[nn.Parameter]]


def join_equal_groups(optimizer: Optimizer) -> None:
    """Make one group of those with equal options, so that a step handles them together.

    The order of the groups is kept. The states that the optimizer returns and takes stay those of
    the groups as they were, whichever of them are joined.

    Args:
        optimizer: The optimizer, not used yet.
    """
    if isinstance(optimizer, ZeroRedundancyOptimizer):  # it shares out the groups on its own
        return
    parts = [group["params"] for group in optimizer.param_groups]
    optimizer.param_groups[:] = _join(optimizer.param_groups)
    if len(optimizer.param_groups) < len(parts):
        optimizer.register_state_dict_post_hook(partial(_split_state, parts))
        optimizer.register_load_state_dict_pre_hook(partial(_join_state, parts))


def _join(groups: Iterable[_Group]) -> list[_Group]:
    joined: list[tuple[_Group, list[Any]]] = []
    for group in groups:
        options = {key: value for key, value in group.items() if key != "params"}
        for known, params in joined:
            if options == known:
                params.extend(group["params"])
                break
        else:
            joined.append((options, list(group["params"])))
    return [{"params": params, **options} for options, params in joined]


def _split_state(parts: _Parts, optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Write a group for each of the parts into a state."""
    params = [each for group in optimizer.param_groups for each in group["params"]]
    if len(params) != sum(map(len, parts)):  # groups were added since
        return
    saved = [(each, group) for group in state["param_groups"] for each in group["params"]]
    found = dict(zip(params, saved, strict=True))
    state["param_groups"] = [
        {**found[part[0]][1], "params": [found[each][0] for each in part]} for part in parts if part
    ]


def _join_state(
    parts: _Parts, optimizer: Optimizer, state: dict[str, Any]
) -> dict[str, Any] | None:
    """Join the groups of a state, and those of the optimizer in the same way.

    The options of the state hold: what they make different is not joined any more.
    """
    saved = state["param_groups"]
    parts = [part for part in parts if part]
    if [len(group["params"]) for group in saved] != [len(part) for part in parts]:
        return None
    groups = _join(
        {**group, "params": zip(part, group["params"], strict=True)}
        for part, group in zip(parts, saved, strict=True)
    )
    optimizer.param_groups[:] = [
        {**group, "params": [parameter for parameter, _ in group["params"]]} for group in groups
    ]
    joined = [{**group, "params": [index for _, index in group["params"]]} for group in groups]
    return {**state, "param_groups": joined}
