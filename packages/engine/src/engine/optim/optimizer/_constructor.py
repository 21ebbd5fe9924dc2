"""From the config of an optimizer wrapper to the wrapper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import nn

from engine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

from ._wrapper import OptimWrapper


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor:
    """Makes one optimizer over all parameters of a model, and its wrapper.

    Args:
        optim_wrapper_cfg: The config of the wrapper, `OptimWrapper` where it has no `type`; its
            `optimizer` is the config of the optimizer.

    Raises:
        ValueError: If there is no `optimizer`.
    """

    def __init__(self, optim_wrapper_cfg: Mapping[str, Any]) -> None:
        if not isinstance(optim_wrapper_cfg.get("optimizer"), Mapping):
            raise ValueError(
                "optim_wrapper needs an optimizer: "
                "optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1))"
            )
        self.optim_wrapper_cfg = optim_wrapper_cfg

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Return the wrapper for the parameters of `model`."""
        cfg = self.optim_wrapper_cfg
        parameters = [each for each in model.parameters() if each.requires_grad]
        optimizer = OPTIMIZERS.build(cfg["optimizer"], default_args={"params": parameters})
        wrapper_cfg = {"type": "OptimWrapper", **cfg, "optimizer": optimizer}
        return cast("OptimWrapper", OPTIM_WRAPPERS.build(wrapper_cfg))


def build_optim_wrapper(model: nn.Module, cfg: Mapping[str, Any]) -> OptimWrapper:
    """Make an optimizer wrapper for a model.

    Args:
        model: The model.
        cfg: The config of the wrapper; `constructor` names who makes it, the
            `DefaultOptimWrapperConstructor` if it does not.
    """
    cfg = dict(cfg)
    kind = cfg.pop("constructor", "DefaultOptimWrapperConstructor")
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build({"type": kind, "optim_wrapper_cfg": cfg})
    return cast("OptimWrapper", constructor(model))
