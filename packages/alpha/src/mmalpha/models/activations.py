"""Activation layers of torch in the registry."""

from __future__ import annotations

from torch import nn

from mmalpha.registry import MODELS

ACTIVATIONS: tuple[type[nn.Module], ...] = (
    nn.ELU,
    nn.GELU,
    nn.Hardswish,
    nn.LeakyReLU,
    nn.LogSoftmax,
    nn.PReLU,
    nn.ReLU,
    nn.ReLU6,
    nn.Sigmoid,
    nn.SiLU,
    nn.Softmax,
    nn.Tanh,
)
"""The layers that have their own name in the registry of models."""

for _activation in ACTIVATIONS:
    MODELS.register_module(module=_activation)
