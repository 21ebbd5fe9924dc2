"""Losses of classification."""

from __future__ import annotations

from torch import nn

from mmalpha.registry import MODELS

CrossEntropyLoss = nn.CrossEntropyLoss
MODELS.register_module(module=CrossEntropyLoss)
