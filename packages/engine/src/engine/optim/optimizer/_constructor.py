"""Constructors of optimizer wrappers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import nn

from engine.logging import get_logger
from engine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS
from engine.utils import did_you_mean, mutable_copy

from ._param_groups import MULTIPLIERS, PARAMWISE_KEYS, Paramwise, join_equal_groups
from ._wrapper import OptimWrapper

__all__ = ["OPTIM_WRAPPER_CONSTRUCTORS", "DefaultOptimWrapperConstructor", "build_optim_wrapper"]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor:
    """Makes one optimizer over the parameters of a model, and its wrapper.

    Without `paramwise_cfg` the optimizer holds all parameters, also those that are frozen now. With
    it, those that require no gradient are left out, and parameters with the same options are one
    group, so that the optimizer handles them together.

    A subclass gives other groups in `add_params`, and may read further keys of `paramwise_cfg`.

    Args:
        optim_wrapper_cfg: The config of the wrapper, `OptimWrapper` where it has no `type`; its
            `optimizer` is the config of the optimizer.
        paramwise_cfg: What is different for some parameters; see `Paramwise`.

    Attributes:
        optim_wrapper_cfg: The config of the wrapper without that of its optimizer.
        optimizer_cfg: The config of the optimizer.
        paramwise_cfg: As given; empty where nothing was.
        base_lr: The learning rate in the config of the optimizer.
        base_wd: Its weight decay.

    Raises:
        TypeError: If one of the configs is no mapping.
        ValueError: If there is no `optimizer`, or `paramwise_cfg` has an unknown key or changes
            what the optimizer's config does not say.
    """

    def __init__(
        self,
        optim_wrapper_cfg: Mapping[str, Any],
        paramwise_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        _check_mapping("optim_wrapper", optim_wrapper_cfg)
        self.optim_wrapper_cfg: dict[str, Any] = mutable_copy(optim_wrapper_cfg)
        optimizer_cfg = self.optim_wrapper_cfg.pop("optimizer", None)
        if optimizer_cfg is None:
            raise ValueError(
                "optim_wrapper needs an optimizer: "
                "optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1))"
            )
        _check_mapping("optim_wrapper.optimizer", optimizer_cfg)
        if paramwise_cfg is not None:
            _check_mapping("paramwise_cfg", paramwise_cfg)
        self.optimizer_cfg: Mapping[str, Any] = optimizer_cfg
        self.paramwise_cfg: dict[str, Any] = mutable_copy(paramwise_cfg or {})
        # A leading underscore is an instruction to the config; a subclass reads keys of its own.
        options = [key for key in self.paramwise_cfg if not key.startswith("_")]
        unknown = [key for key in options if key not in PARAMWISE_KEYS]
        if unknown and type(self) is DefaultOptimWrapperConstructor:
            hint = did_you_mean(unknown[0], PARAMWISE_KEYS)
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
        options = {k: v for k, v in self.paramwise_cfg.items() if k in PARAMWISE_KEYS}
        rules = Paramwise(self.base_lr, self.base_wd, **options)
        known = {id(each) for group in params for each in group["params"]}
        rules.add(params, known, module, prefix, bool(is_dcn_module))

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Return the wrapper for the parameters of `model`."""
        params: Any = list(model.parameters())
        if self.paramwise_cfg:
            params = []
            try:
                self.add_params(params, model)
            except TypeError:  # of an option that is no number, which the optimizer names
                OPTIMIZERS.build(self.optimizer_cfg, default_args={"params": model.parameters()})
                raise
            self._check_layers(model)
            self._tell_unused(model)
        optimizer = OPTIMIZERS.build(self.optimizer_cfg, default_args={"params": params})
        self._tell_misspelled(optimizer)
        join_equal_groups(optimizer)
        given = {"type": "engine.OptimWrapper", "optimizer": optimizer}
        return cast(
            "OptimWrapper", OPTIM_WRAPPERS.build(self.optim_wrapper_cfg, default_args=given)
        )

    def _check_layers(self, model: nn.Module) -> None:
        if self.paramwise_cfg.get("layer_decay") is not None and not any(
            callable(getattr(module, "group_matcher", None)) for module in model.modules()
        ):
            raise ValueError(
                f"paramwise_cfg.layer_decay: no module of {type(model).__name__} tells the order "
                "of its layers by a method group_matcher(coarse), as the models of timm do"
            )

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

    def _tell_misspelled(self, optimizer: Any) -> None:
        """Warn of the options in `custom_keys` that are nearly one of the optimizer's."""
        known = {*MULTIPLIERS.values(), *getattr(optimizer, "defaults", ())}
        for key, options in (self.paramwise_cfg.get("custom_keys") or {}).items():
            for option in options.keys() - known:
                if hint := did_you_mean(option, known):
                    get_logger().warning(
                        "paramwise_cfg.custom_keys.%s: %s has no option %r%s",
                        key,
                        type(optimizer).__name__,
                        option,
                        hint,
                    )


def _check_mapping(where: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"{where} must be a dictionary; got {value!r}")


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
