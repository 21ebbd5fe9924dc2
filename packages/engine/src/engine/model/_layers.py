"""Layers of torch in the registry."""

from __future__ import annotations

from torch import nn

from engine.registry import MODELS

__all__ = ["MODELS", "RReLU"]

RReLU = nn.RReLU
MODELS.register_module(module=RReLU)
