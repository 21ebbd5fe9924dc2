"""Frozen stages of a backbone, and normalizations that keep their statistics."""

from __future__ import annotations

from types import MethodType
from typing import Any, TypeVar

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.utils import group_layers

_M = TypeVar("_M", bound=nn.Module)
_STATE = "_frozen_parameters"
_NORM_EVAL = "_keeps_statistics"


def freeze_stages(backbone: _M, frozen_stages: int = -1, norm_eval: bool = False) -> _M:
    """Freeze the first stages of a backbone, and return it.

    What is frozen requires no gradient, and stays in evaluation mode in training. A second call
    with fewer stages lets the others learn again.

    Args:
        backbone: A module that tells the order of its stages by `group_matcher`, as the models of
            timm do, or has such a module in it.
        frozen_stages: The last stage that is frozen. 0 is the stem alone; a block of a transformer
            is a stage. -1 freezes nothing.
        norm_eval: Whether the batch normalizations keep their running statistics in training too.

    Raises:
        ValueError: If there is no such stage, or the backbone does not tell their order.
    """
    own = dict(backbone.named_parameters())
    for name in parameters_frozen_by_stage(backbone):
        own[name].requires_grad_()
    frozen = [
        name for name in _parameters_up_to(backbone, frozen_stages) if own[name].requires_grad
    ]
    for name in frozen:
        own[name].requires_grad_(False)
    if frozen or norm_eval or _STATE in vars(backbone):
        vars(backbone).update(
            {_STATE: frozen, _NORM_EVAL: norm_eval, "train": MethodType(_train, backbone)}
        )
        backbone.train(backbone.training)
    return backbone


def count_stages(backbone: nn.Module) -> int:
    """Return how many stages a backbone has behind its stem, the most that can be frozen.

    Args:
        backbone: As in `freeze_stages`.
    """
    return max(_stages(backbone).values())


def parameters_frozen_by_stage(backbone: nn.Module) -> list[str]:
    """Return the names of the parameters that `freeze_stages` has frozen.

    Args:
        backbone: As in `freeze_stages`.
    """
    return [*vars(backbone).get(_STATE, ())]


def _parameters_up_to(backbone: nn.Module, last: int) -> list[str]:
    if last < 0:
        return []
    stages = _stages(backbone)
    if last > (most := max(stages.values())):
        raise ValueError(f"frozen_stages of {type(backbone).__name__} is -1 to {most}; got {last}")
    return [name for name, stage in stages.items() if stage <= last]


def _stages(backbone: nn.Module) -> dict[str, int]:
    """Return the stage of each parameter that belongs to one."""
    for prefix, module in backbone.named_modules():
        make: Any = getattr(module, "group_matcher", None)
        if callable(make):
            names = [name for name, _ in module.named_parameters()]
            found = group_layers(names, make(coarse=True))
            start = f"{prefix}." if prefix else ""
            return {f"{start}{name}": each for name, each in found.items() if each is not None}
    raise ValueError(
        f"{type(backbone).__name__} does not tell the order of its stages, so none can be frozen; "
        "a method group_matcher(coarse), as in the models of timm, does"
    )


def _train(self: nn.Module, mode: bool = True) -> nn.Module:
    """Switch between training and evaluation, but for what is frozen."""
    type(self).train(self, mode)
    if not mode:
        return self
    keeps_statistics = vars(self)[_NORM_EVAL]
    for module in self.modules():
        if _is_frozen(module):
            for each in module.children() if module is self else (module,):
                each.train(False)
        elif keeps_statistics and isinstance(module, _BatchNorm):
            module.train(False)
    return self


def _is_frozen(module: nn.Module) -> bool:
    own = [*module.parameters()]
    return bool(own) and not any(each.requires_grad for each in own)
