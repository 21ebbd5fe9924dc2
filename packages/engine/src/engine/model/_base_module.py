"""Modules with weight initialization, and layers of torch in the registry."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from torch import nn

from engine.registry import MODELS

from ._pretrained import PretrainedInit
from ._weight_init import initialize

__all__ = ["MODELS", "BaseModule", "ModuleDict", "ModuleList", "RReLU", "Sequential"]

RReLU = nn.RReLU
MODELS.register_module(module=RReLU)

_PRETRAINED = ("Pretrained", "PretrainedInit")

InitCfg = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class BaseModule(nn.Module):
    """A module whose weights are initialized as a config says.

    Args:
        init_cfg: A config of a weight initializer, or several that are applied in turn; None
            leaves what the layers begin with.
    """

    def __init__(self, init_cfg: InitCfg | None = None) -> None:
        super().__init__()
        self.init_cfg = init_cfg
        self._is_init = False

    @property
    def is_init(self) -> bool:
        """Whether `init_weights` has run."""
        return self._is_init

    def init_weights(self) -> None:
        """Initialize the weights once.

        Those of the module itself come before those of its children, but what is loaded from a
        checkpoint comes last.
        """
        if self._is_init:
            return
        self._is_init = True
        given = self.init_cfg or ()
        steps = [given] if isinstance(given, Mapping) else list(given)
        if drawn := [step for step in steps if not _is_loaded(step)]:
            initialize(self, drawn)
        _init_children(self)
        if loaded := [step for step in steps if _is_loaded(step)]:
            initialize(self, loaded)


def _is_loaded(step: Mapping[str, Any]) -> bool:
    kind = step.get("type")
    return kind is PretrainedInit or str(kind).rpartition(".")[2] in _PRETRAINED


def _init_children(module: nn.Module) -> None:
    for child in module.children():
        if isinstance(child, BaseModule):
            child.init_weights()
        else:
            _init_children(child)


@MODELS.register_module()
class Sequential(BaseModule, nn.Sequential):
    """`nn.Sequential` as a `BaseModule`.

    Args:
        *args: The modules in turn, or one `OrderedDict` of them with their names.
        init_cfg: As in `BaseModule`.
    """

    def __init__(
        self, *args: nn.Module | OrderedDict[str, nn.Module], init_cfg: InitCfg | None = None
    ) -> None:
        BaseModule.__init__(self, init_cfg)
        given = args[0] if len(args) == 1 and isinstance(args[0], OrderedDict) else None
        named = enumerate(args) if given is None else given.items()
        for name, module in named:
            self.add_module(str(name), cast("nn.Module", module))


@MODELS.register_module()
class ModuleList(BaseModule, nn.ModuleList):
    """`nn.ModuleList` as a `BaseModule`.

    Args:
        modules: The modules.
        init_cfg: As in `BaseModule`.
    """

    def __init__(
        self, modules: Iterable[nn.Module] | None = None, init_cfg: InitCfg | None = None
    ) -> None:
        BaseModule.__init__(self, init_cfg)
        self.extend(modules or ())


@MODELS.register_module()
class ModuleDict(BaseModule, nn.ModuleDict):
    """`nn.ModuleDict` as a `BaseModule`.

    Args:
        modules: The modules by name.
        init_cfg: As in `BaseModule`.
    """

    def __init__(
        self, modules: Mapping[str, nn.Module] | None = None, init_cfg: InitCfg | None = None
    ) -> None:
        BaseModule.__init__(self, init_cfg)
        self.update(modules or {})
