"""Registries of the scope `mmalpha`: a node below each root registry that it fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import registry as root

if TYPE_CHECKING:
    from torch import nn

SCOPE = "mmalpha"

MODELS = root.MODELS.child(SCOPE, "mmalpha.models")
TASK_UTILS = root.TASK_UTILS.child(SCOPE, "mmalpha.models")
DATASETS = root.DATASETS.child(SCOPE, "mmalpha.datasets")
TRANSFORMS = root.TRANSFORMS.child(SCOPE, "mmalpha.datasets")
METRICS = root.METRICS.child(SCOPE, "mmalpha.metrics")
HOOKS = root.HOOKS.child(SCOPE, "mmalpha.hooks", "mmalpha.report")
INFERENCERS = root.INFERENCERS.child(SCOPE, "mmalpha.inferencers")

MMALPHA_BACKBONE_REGISTRY: root.Registry[nn.Module] = root.Registry(
    "backbone", scope=SCOPE, locations=["mmalpha.models"]
)
root.BACKBONE_REGISTRY.register_source(SCOPE, MMALPHA_BACKBONE_REGISTRY)
