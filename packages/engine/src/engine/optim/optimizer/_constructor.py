"""Constructors of optimizer wrappers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import nn

from engine.logging import get_logger
from engine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS
from engine.utils import did_you_mean, mutable_copy

from ._paramwise import Paramwise
from ._wrapper import OptimWrapper


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor:
    """Makes one optimizer over the parameters of a model, and its wrapper.

    Parameters with the same options are one group, so that the optimizer handles them together.

    Args:
        optim_wrapper_cfg: The config of the wrapper, `OptimWrapper` where it has no `type`; its
            `optimizer` is the config of the optimizer.
        paramwise_cfg: What is different for some parameters; see `Paramwise`.

    Raises:
        ValueError: If there is no `optimizer`, or `paramwise_cfg` has an unknown key or changes
            what the optimizer's config does not say.
    """

    def __init__(
        self,
        optim_wrapper_cfg: Mapping[str, Any],
        paramwise_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(optim_wrapper_cfg.get("optimizer"), Mapping):
            raise ValueError(
                "optim_wrapper needs an optimizer: "
                "optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1))"
            )
        self.optim_wrapper_cfg = optim_wrapper_cfg
        self.optimizer_cfg: Mapping[str, Any] = optim_wrapper_cfg["optimizer"]
        self.paramwise_cfg = dict(paramwise_cfg or {})
        if unknown := [key for key in self.paramwise_cfg if key not in Paramwise.KEYS]:
            hint = did_you_mean(unknown[0], Paramwise.KEYS)
            raise ValueError(f"paramwise_cfg has no key {unknown[0]!r}{hint}")
        self.base_lr: float | None = self.optimizer_cfg.get("lr")
        self.base_wd: float | None = self.optimizer_cfg.get("weight_decay")

    def add_params(
        self,
        params: list[dict[str, Any]],
        module: nn.Module,
        prefix: str = "",
        is_dcn_module: float | None = None,
    ) -> None:
        """Add a group for each parameter of a module; a class of one's own may group otherwise.

        Args:
            params: The groups so far, to which those of the module are added.
            module: The module.
            prefix: Its name in the model.
            is_dcn_module: Whether it is within a deformable convolution.
        """
        rules = Paramwise(self.base_lr, self.base_wd, **self.paramwise_cfg)
        known = {id(each) for group in params for each in group["params"]}
        rules.add(params, known, module, prefix, bool(is_dcn_module))

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Return the wrapper for the parameters of `model`."""
        params: Any = [each for each in model.parameters() if each.requires_grad]
        if self.paramwise_cfg:
            groups: list[dict[str, Any]] = []
            self.add_params(groups, model)
            params = _join_groups(groups)
            self._tell_unused(model)
        optimizer = OPTIMIZERS.build(self.optimizer_cfg, default_args={"params": params})
        cfg = mutable_copy(self.optim_wrapper_cfg)
        del cfg["optimizer"]
        given = {"type": "engine.OptimWrapper", "optimizer": optimizer}
        return cast("OptimWrapper", OPTIM_WRAPPERS.build(cfg, default_args=given))

    def _tell_unused(self, model: nn.Module) -> None:
        """Warn of the `custom_keys` that are in the name of no parameter."""
        names = [name for name, _ in model.named_parameters()]
        parts = {part for name in names for part in name.split(".")}
        for key in self.paramwise_cfg.get("custom_keys") or ():
            if not any(key in name for name in names):
                get_logger().warning(
                    "paramwise_cfg.custom_keys: no parameter of %s has %r in its name%s",
                    type(model).__name__,
                    key,
                    did_you_mean(key, {*names, *parts}),
                )


def _join_groups(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return groups of parameters with those of the same options as one, the order kept."""
    result: list[dict[str, Any]] = []
    for group in groups:
        options = {key: value for key, value in group.items() if key != "params"}
        for known in result:
            if options == {key: value for key, value in known.items() if key != "params"}:
                known["params"].extend(group["params"])
                break
        else:
            result.append({**options, "params": list(group["params"])})
    return result


def build_optim_wrapper(model: nn.Module, cfg: Mapping[str, Any]) -> OptimWrapper:
    """Make an optimizer wrapper for a model.

    Args:
        model: The model.
        cfg: The config of the wrapper; `constructor` names who makes it, the
            `DefaultOptimWrapperConstructor` if it does not, and `paramwise_cfg` is for that one.
    """
    cfg = mutable_copy(cfg)
    kind = cfg.get("constructor", DefaultOptimWrapperConstructor)
    if isinstance(kind, str) and "constructor" in cfg:
        kind = OPTIM_WRAPPER_CONSTRUCTORS.get_from(cfg, "constructor")
    cfg.pop("constructor", None)
    arguments: dict[str, Any] = {"type": kind}
    if "paramwise_cfg" in cfg:
        arguments["paramwise_cfg"] = cfg.pop("paramwise_cfg")
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build({**arguments, "optim_wrapper_cfg": cfg})
    return cast("OptimWrapper", constructor(model))
