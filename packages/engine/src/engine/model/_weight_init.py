"""Weight initializers, which `init_cfg` names.

A config such as `dict(type='Kaiming', layer='Conv2d')` sets the weights of all layers of that
class; one without `layer` those of the module itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from engine.registry import WEIGHT_INITIALIZERS


class BaseInit:
    """The base of the initializers: which layers, and their bias.

    Args:
        bias: The value of the bias.
        bias_prob: In place of `bias`: the probability that a sigmoid of the bias shall give.
        layer: The class name or names of the layers; None means the module itself.
    """

    def __init__(
        self,
        *,
        bias: float = 0.0,
        bias_prob: float | None = None,
        layer: str | Sequence[str] | None = None,
    ) -> None:
        self.layers = (layer,) if isinstance(layer, str) else layer
        self.bias = bias if bias_prob is None else -math.log((1 - bias_prob) / bias_prob)

    def __call__(self, module: nn.Module) -> None:
        """Initialise the layers of `module`."""
        for layer in [module] if self.layers is None else module.modules():
            if self.layers is None or type(layer).__name__ in self.layers:
                self._init_layer(layer)

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

    def __init__(self, mean: float = 0.0, std: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean, self.std = mean, std

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

    def __init__(
        self,
        mean: float = 0.0,
        std: float = 1.0,
        a: float = -2.0,
        b: float = 2.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mean, self.std, self.a, self.b = mean, std, a, b

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

    def __init__(self, a: float = 0.0, b: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.a, self.b = a, b

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

    def __init__(self, gain: float = 1.0, distribution: str = "normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain, self.distribution = gain, _known(distribution)

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

    def __init__(
        self,
        a: float = 0.0,
        mode: str = "fan_out",
        nonlinearity: str = "relu",
        distribution: str = "normal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.distribution = _known(distribution)
        self.options: dict[str, Any] = {"a": a, "mode": mode, "nonlinearity": nonlinearity}

    def init_weight(self, weight: Tensor) -> None:
        """Set the weight of a layer in place."""
        if self.distribution == "uniform":
            nn.init.kaiming_uniform_(weight, **self.options)
        else:
            nn.init.kaiming_normal_(weight, **self.options)


def initialize(
    module: nn.Module, init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> None:
    """Initialise a module.

    Args:
        module: The module.
        init_cfg: The config of an initializer, or of several that are applied in turn.
    """
    for cfg in [init_cfg] if isinstance(init_cfg, Mapping) else init_cfg:
        WEIGHT_INITIALIZERS.build(cfg)(module)


def _known(distribution: str) -> str:
    if distribution not in ("normal", "uniform"):
        raise ValueError(f"distribution is 'normal' or 'uniform'; got {distribution!r}")
    return distribution
