"""Weight initializers of `init_cfg`.

A config such as `dict(type='Kaiming', layer='Conv2d')` sets the weights of all layers of that
class; one without `layer` those of the module itself. For code there are functions that do the same
to a single layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.logging import get_logger
from engine.registry import WEIGHT_INITIALIZERS
from engine.utils import check_types, did_you_mean, mutable_copy


class BaseInit:
    """The base of the initializers: which layers, and their bias.

    Args:
        bias: The value of the bias.
        bias_prob: In place of `bias`: the probability that a sigmoid of the bias shall give.
        layer: The name or names of the classes of the layers, or of classes that they derive from,
            such as `_BatchNorm`; None means the module itself.
    """

    @check_types
    def __init__(
        self,
        *,
        bias: float = 0.0,
        bias_prob: float | None = None,
        layer: str | Sequence[str] | None = None,
    ) -> None:
        names = [layer] if isinstance(layer, str) else layer
        self.layers: frozenset[str] | None = None if names is None else frozenset(names)
        self.bias: float = bias if bias_prob is None else bias_init_with_prob(bias_prob)

    def __call__(self, module: nn.Module) -> None:
        """Initialize the layers of `module`."""
        for layer in [module] if self.layers is None else module.modules():
            if self.layers is None or not self.layers.isdisjoint(_class_names(layer)):
                self._init_layer(layer)

    def unused(self, module: nn.Module) -> str:
        """Return what of the initializer does nothing to a module, or an empty string."""
        if self.layers is None:
            found = (getattr(module, name, None) for name in ("weight", "bias"))
            is_used = any(isinstance(each, Tensor) for each in found)
            return "" if is_used else "it has no weight of its own; name its layers by `layer`"
        present = {name for each in module.modules() for name in _class_names(each)}
        missing = sorted(self.layers - present)
        if len(missing) < len(self.layers):  # one list may be meant for several models
            missing = [name for name in missing if name not in _known_classes()]
        return "; ".join(
            f"it has no layer {name!r}{did_you_mean(name, present)}" for name in missing
        )

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        raise TypeError(f"{type(self).__name__} does not say how a weight begins")

    def _init_layer(self, layer: nn.Module) -> None:
        if isinstance(weight := getattr(layer, "weight", None), Tensor):
            self.init_weight(weight)
        if isinstance(bias := getattr(layer, "bias", None), Tensor):
            nn.init.constant_(bias, self.bias)


@WEIGHT_INITIALIZERS.register_module(name=["Constant", "ConstantInit"])
class ConstantInit(BaseInit):
    """All weights are one value.

    Args:
        val: The value.
        **kwargs: As in `BaseInit`.
    """

    @check_types
    def __init__(self, val: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.val = val

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        nn.init.constant_(weight, self.val)


@WEIGHT_INITIALIZERS.register_module(name=["Normal", "NormalInit"])
class NormalInit(BaseInit):
    """Weights of a normal distribution.

    Args:
        mean: Its mean.
        std: Its standard deviation.
        **kwargs: As in `BaseInit`.
    """

    @check_types
    def __init__(self, mean: float = 0.0, std: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean: float = mean
        self.std: float = std

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        nn.init.normal_(weight, self.mean, self.std)


@WEIGHT_INITIALIZERS.register_module(name=["TruncNormal", "TruncNormalInit"])
class TruncNormalInit(BaseInit):
    """Weights of a normal distribution within bounds.

    Args:
        mean: Its mean.
        std: Its standard deviation.
        a: The least value.
        b: The largest value.
        **kwargs: As in `BaseInit`.
    """

    @check_types
    def __init__(
        self,
        mean: float = 0.0,
        std: float = 1.0,
        a: float = -2.0,
        b: float = 2.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mean: float = mean
        self.std: float = std
        self.a: float = a
        self.b: float = b

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        nn.init.trunc_normal_(weight, self.mean, self.std, self.a, self.b)


@WEIGHT_INITIALIZERS.register_module(name=["Uniform", "UniformInit"])
class UniformInit(BaseInit):
    """Weights of a uniform distribution.

    Args:
        a: The least value.
        b: The largest value.
        **kwargs: As in `BaseInit`.
    """

    @check_types
    def __init__(self, a: float = 0.0, b: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.a: float = a
        self.b: float = b

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        nn.init.uniform_(weight, self.a, self.b)


@WEIGHT_INITIALIZERS.register_module(name=["Xavier", "XavierInit"])
class XavierInit(BaseInit):
    """Weights that keep the variance of values and gradients (Glorot and Bengio, 2010).

    Args:
        gain: The factor of the standard deviation.
        distribution: `'normal'` or `'uniform'`.
        **kwargs: As in `BaseInit`.
    """

    @check_types
    def __init__(self, gain: float = 1.0, distribution: str = "normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain: float = gain
        self.distribution: str = _check_distribution(distribution)

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        if self.distribution == "uniform":
            nn.init.xavier_uniform_(weight, self.gain)
        else:
            nn.init.xavier_normal_(weight, self.gain)


@WEIGHT_INITIALIZERS.register_module(name=["Kaiming", "KaimingInit"])
class KaimingInit(BaseInit):
    """Weights that keep the variance behind rectifiers (He et al., 2015).

    Args:
        a: The negative slope of a leaky rectifier.
        mode: `'fan_in'` or `'fan_out'`.
        nonlinearity: `'relu'` or `'leaky_relu'`.
        distribution: `'normal'` or `'uniform'`.
        **kwargs: As in `BaseInit`.
    """

    @check_types
    def __init__(
        self,
        a: float = 0.0,
        mode: str = "fan_out",
        nonlinearity: str = "relu",
        distribution: str = "normal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.distribution: str = _check_distribution(distribution)
        self.options: dict[str, Any] = {"a": a, "mode": mode, "nonlinearity": nonlinearity}

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        if self.distribution == "uniform":
            nn.init.kaiming_uniform_(weight, **self.options)
        else:
            nn.init.kaiming_normal_(weight, **self.options)


@WEIGHT_INITIALIZERS.register_module(name=["Caffe2Xavier", "Caffe2XavierInit"])
class Caffe2XavierInit(KaimingInit):
    """Weights as `XavierFill` of Caffe2 draws them: uniform, by the inputs of a layer.

    Args:
        **kwargs: As in `BaseInit`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1.0, "fan_in", "leaky_relu", "uniform", **kwargs)


def initialize(
    module: nn.Module, init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> None:
    """Initialize a module; a warning names layers that it does not have.

    Args:
        module: The module.
        init_cfg: The config of an initializer, or of several that are applied in turn. Its
            `override`, a config or several, each with the `name` of a part of the module, says
            what holds for that part; without a `type` it is what holds for the whole.

    Raises:
        ValueError: If an `override` has no `name`, or no `type` although there are arguments.
    """
    for cfg in [init_cfg] if isinstance(init_cfg, Mapping) else init_cfg:
        args = mutable_copy(cfg)
        overrides = args.pop("override", None) or ()
        initializer = WEIGHT_INITIALIZERS.of_library(module).build(args)
        initializer(module)
        is_told = isinstance(initializer, BaseInit) and not (overrides and "layer" not in args)
        if is_told and (unused := initializer.unused(module)):
            name = type(initializer).__name__
            get_logger().warning("init_cfg: %s of %s: %s", name, type(module).__name__, unused)
        for override in [overrides] if isinstance(overrides, Mapping) else overrides:
            _override(module, mutable_copy(override), args)


def _override(module: nn.Module, override: dict[str, Any], outer: dict[str, Any]) -> None:
    parts = dict(module.named_modules())
    name = override.pop("name", None)
    part = parts.get(name) or getattr(module, str(name), None)  # a property may return a part
    if not isinstance(part, nn.Module):
        hint = did_you_mean(str(name), parts)
        raise ValueError(
            f"override: {type(module).__name__} has no part of the name {name!r}{hint}"
        )
    if override and "type" not in override:
        raise ValueError(f"override of {name!r} needs a type beside {', '.join(override)}")
    cfg = override or mutable_copy(outer)
    if not override:
        cfg.pop("layer", None)
    WEIGHT_INITIALIZERS.of_library(module).build(cfg)(part)


def constant_init(module: nn.Module, val: float, bias: float = 0.0) -> None:
    """Set the weights of a layer to `val` and its bias to `bias`."""
    ConstantInit(val, bias=bias)(module)


def normal_init(module: nn.Module, mean: float = 0.0, std: float = 1.0, bias: float = 0.0) -> None:
    """Initialize a layer as `NormalInit` does."""
    NormalInit(mean, std, bias=bias)(module)


def trunc_normal_init(
    module: nn.Module,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    bias: float = 0.0,
) -> None:
    """Initialize a layer as `TruncNormalInit` does."""
    TruncNormalInit(mean, std, a, b, bias=bias)(module)


def uniform_init(module: nn.Module, a: float = 0.0, b: float = 1.0, bias: float = 0.0) -> None:
    """Initialize a layer as `UniformInit` does."""
    UniformInit(a, b, bias=bias)(module)


def xavier_init(
    module: nn.Module, gain: float = 1.0, bias: float = 0.0, distribution: str = "normal"
) -> None:
    """Initialize a layer as `XavierInit` does."""
    XavierInit(gain, distribution, bias=bias)(module)


def kaiming_init(
    module: nn.Module,
    a: float = 0.0,
    mode: str = "fan_out",
    nonlinearity: str = "relu",
    bias: float = 0.0,
    distribution: str = "normal",
) -> None:
    """Initialize a layer as `KaimingInit` does."""
    KaimingInit(a, mode, nonlinearity, distribution, bias=bias)(module)


def caffe2_xavier_init(module: nn.Module, bias: float = 0.0) -> None:
    """Initialize a layer as `Caffe2XavierInit` does."""
    Caffe2XavierInit(bias=bias)(module)


def bias_init_with_prob(prior_prob: float) -> float:
    """Return the bias whose sigmoid is a probability.

    Args:
        prior_prob: The probability, between 0 and 1.

    Raises:
        ValueError: If it is not between them.
    """
    if not 0.0 < prior_prob < 1.0:
        raise ValueError(f"a probability more than 0 and less than 1 is needed; got {prior_prob}")
    return -math.log((1 - prior_prob) / prior_prob)


def update_init_info(module: nn.Module, init_info: str) -> None:
    """Note how those parameters of a module were initialized that have changed since the last note.

    The notes are in `module._params_init_info`: by parameter `init_info` and `tmp_mean_value`, the
    mean by which a change is seen. The first call notes all parameters.

    Args:
        module: The module.
        init_info: What to note.
    """
    notes: dict[nn.Parameter, dict[str, Any]]
    notes = module.__dict__.setdefault("_params_init_info", {})
    for parameter in module.parameters():
        mean = parameter.detach().mean().cpu()
        note = notes.setdefault(parameter, {"init_info": "", "tmp_mean_value": None})
        if note["tmp_mean_value"] is None or not torch.equal(note["tmp_mean_value"], mean):
            note.update(init_info=init_info, tmp_mean_value=mean)


def _class_names(module: nn.Module) -> list[str]:
    return [kind.__name__ for kind in type(module).__mro__]


def _known_classes() -> set[str]:
    """Return the names of all classes of modules."""
    known, rest = set[str](), [nn.Module]
    while rest:
        kind = rest.pop()
        known.add(kind.__name__)
        rest += kind.__subclasses__()
    return known


def _check_distribution(distribution: str) -> str:
    if distribution not in ("normal", "uniform"):
        raise ValueError(f"distribution is 'normal' or 'uniform'; got {distribution!r}")
    return distribution
