"""Parameter groups: rules for their options, and groups of equal options handled as one."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import nn
from torch.optim import Optimizer

from engine.utils import group_layers

_NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.LocalResponseNorm,
    nn.RMSNorm,
)
MULTIPLIERS = {"lr": "lr_mult", "weight_decay": "decay_mult"}
"""The keys that multiply an option of the optimizer in `custom_keys`, by the option."""

_Group = dict[str, Any]
_Parts = Sequence[Sequence[nn.Parameter]]


class Paramwise:
    """The rules of a `paramwise_cfg`; the first that matches is used.

    A parameter that a key of `custom_keys` names follows that key alone. Otherwise the learning
    rate and the weight decay follow the rules for norms, biases and the like, as far as they are
    given; of the rules for the weight decay the first that fits holds.

    Args:
        base_lr: The learning rate of the optimizer.
        base_wd: Its weight decay.
        custom_keys: Options by a part of a parameter's name: `dict(backbone=dict(lr_mult=0.1))`
            with `lr_mult`, `decay_mult`, or any option of a parameter group; the group keeps all of
            them. The longest key that is a part of the name holds.
        bias_lr_mult: For the learning rate of biases, but not those of norms and of what is within
            deformable convolutions.
        norm_decay_mult: For the weight decay of the weights and biases of norms.
        bias_decay_mult: For the weight decay of other biases, but not of those within deformable
            convolutions.
        dwconv_decay_mult: For the weight decay of other parameters of depthwise convolutions.
        flat_decay_mult: For the weight decay of other parameters with one dimension, but not of
            those within deformable convolutions.
        dcn_offset_lr_mult: For the learning rate of what computes the offsets of deformable
            convolutions, the convolutions named `conv_offset` in them.
        layer_decay: How much slower each layer learns than the one behind it, from 0 to 1, in every
            module that tells the order of its layers by `group_matcher`, as the backbones of the
            libraries and of timm do. It multiplies the learning rate that the other rules say. With
            N layers that of the first is multiplied by `layer_decay ** N`, that of what is behind
            all layers by 1. Source: Bao et al., BEiT, 2022, https://arxiv.org/abs/2106.08254.
        bypass_duplicate: Whether a parameter that several modules share is added once, with a
            warning; otherwise that is an error.

    Raises:
        ValueError: If a rule changes what the config of the optimizer does not say, or
            `layer_decay` is out of its range.
    """

    def __init__(
        self,
        base_lr: float | None,
        base_wd: float | None,
        *,
        custom_keys: Mapping[str, Mapping[str, Any]] | None = None,
        bias_lr_mult: float | None = None,
        bias_decay_mult: float | None = None,
        norm_decay_mult: float | None = None,
        dwconv_decay_mult: float | None = None,
        dcn_offset_lr_mult: float | None = None,
        flat_decay_mult: float | None = None,
        layer_decay: float | None = None,
        bypass_duplicate: bool = False,
    ) -> None:
        self._base = {"lr": base_lr, "weight_decay": base_wd}
        # Of two keys of the same length the first in the alphabet holds.
        self._custom = sorted(
            (custom_keys or {}).items(), key=lambda item: (-len(item[0]), item[0])
        )
        self._bypass_duplicate = bypass_duplicate
        self._multipliers = {
            "bias_lr_mult": bias_lr_mult,
            "bias_decay_mult": bias_decay_mult,
            "norm_decay_mult": norm_decay_mult,
            "dwconv_decay_mult": dwconv_decay_mult,
            "dcn_offset_lr_mult": dcn_offset_lr_mult,
            "flat_decay_mult": flat_decay_mult,
        }
        if layer_decay is not None:
            if not 0 < layer_decay <= 1:
                raise ValueError(
                    f"paramwise_cfg.layer_decay is above 0, up to 1; got {layer_decay}"
                )
            self._scale("lr", layer_decay, "layer_decay")
        self._layer_decay = layer_decay
        self._of_layer: dict[int, float] = {}
        for name, value in self._multipliers.items():
            if value is not None:
                self._scale("lr" if "_lr_" in name else "weight_decay", value, name)

    def add(
        self,
        params: list[dict[str, Any]],
        known: set[int],
        module: nn.Module,
        prefix: str,
        is_dcn: bool,
    ) -> None:
        """Add a group for each parameter of a module and of those in it.

        Args:
            params: The groups so far.
            known: The ids of the parameters in them.
            module: The module.
            prefix: Its name in the model.
            is_dcn: Whether it is within a deformable convolution.

        Raises:
            ValueError: If a parameter belongs to several modules, and that is not allowed.
        """
        self._scale_layers(module)
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            full = f"{prefix}.{name}" if prefix else name
            if id(parameter) in known:
                message = f"{full} is a parameter of another module too"
                if not self._bypass_duplicate:
                    raise ValueError(
                        f"{message}, so two rules may hold for it; with "
                        "paramwise_cfg=dict(bypass_duplicate=True) those of the first do"
                    )
                warnings.warn(message, stacklevel=4)
                continue
            known.add(id(parameter))
            options = self._options(module, full, name, parameter.ndim, is_dcn)
            if (factor := self._of_layer.get(id(parameter))) is not None:
                options["lr"] = factor * options.get("lr", self._scale("lr", 1.0, "layer_decay"))
            params.append({"params": [parameter], **options})
        is_dcn = is_dcn or "DeformConv" in type(module).__name__
        for name, child in module.named_children():
            self.add(params, known, child, f"{prefix}.{name}" if prefix else name, is_dcn)

    def _scale_layers(self, module: nn.Module) -> None:
        """Note by how much the learning rates of the layers of a module are multiplied."""
        make: Any = getattr(module, "group_matcher", None)
        if self._layer_decay is None or not callable(make):
            return
        parameters = dict(module.named_parameters())
        numbers = group_layers(parameters, make(coarse=False))
        count = 1 + max((each for each in numbers.values() if each is not None), default=-1)
        for name, number in numbers.items():
            if number is not None:
                factor = self._layer_decay ** (count - number)
                self._of_layer.setdefault(id(parameters[name]), factor)

    def _options(
        self, module: nn.Module, full: str, name: str, dimensions: int, is_dcn: bool
    ) -> dict[str, Any]:
        """Return what holds for a parameter and not for all."""
        for key, options in self._custom:
            if key in full:
                return self._custom_options(key, options)
        is_norm = isinstance(module, _NORMS)
        is_bias = name == "bias"
        result: dict[str, Any] = {}
        if is_bias and not (is_norm or is_dcn):
            result |= self._multiply("lr", "bias_lr_mult")
        if is_dcn and "conv_offset" in full:
            result |= self._multiply("lr", "dcn_offset_lr_mult")
        for rule, fits in (
            ("norm_decay_mult", is_norm),
            ("bias_decay_mult", is_bias and not is_dcn),
            ("dwconv_decay_mult", _is_depthwise(module)),
            ("flat_decay_mult", dimensions == 1 and not is_dcn),
        ):
            if fits and self._multipliers.get(rule) is not None:
                return result | self._multiply("weight_decay", rule)
        return result

    def _multiply(self, option: str, rule: str) -> dict[str, float]:
        factor = self._multipliers.get(rule)
        return {} if factor is None else {option: self._scale(option, factor, rule)}

    def _custom_options(self, key: str, options: Mapping[str, Any]) -> dict[str, Any]:
        result = dict(options)
        for option, rule in MULTIPLIERS.items():
            if rule in result:
                where = f"custom_keys.{key}.{rule}"
                result[option] = self._scale(option, result[rule], where)
        return result

    def _scale(self, option: str, factor: float, rule: str) -> float:
        base = self._base[option]
        if base is None:
            raise ValueError(
                f"paramwise_cfg.{rule} multiplies the {option} of the optimizer, which has none"
            )
        return base * factor


def _is_depthwise(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.groups == module.in_channels


PARAMWISE_KEYS = tuple(inspect.signature(Paramwise).parameters)[2:]
"""The keys of a `paramwise_cfg`."""


def join_equal_groups(optimizer: Optimizer) -> None:
    """Make one group of those with equal options, so that a step handles them together.

    The order of the groups is kept. The states that the optimizer returns and takes stay those of
    the groups as they were, whichever of them are joined.

    Args:
        optimizer: The optimizer, not used yet.
    """
    if hasattr(optimizer, "consolidate_state_dict"):  # ZeRO shares out the groups on its own
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
