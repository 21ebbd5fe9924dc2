"""Registries of the scope `mmbeta`: a node below each root registry that it fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import registry as root

if TYPE_CHECKING:
    from torch import nn

SCOPE = "mmbeta"

MODELS = root.MODELS.child(SCOPE, "mmbeta.models")
DATASETS = root.DATASETS.child(SCOPE, "mmbeta.datasets")
TRANSFORMS = root.TRANSFORMS.child(SCOPE, "mmbeta.datasets")
METRICS = root.METRICS.child(SCOPE, "mmbeta.metrics")
HOOKS = root.HOOKS.child(SCOPE, "mmbeta.hooks", "mmbeta.report")
INFERENCERS = root.INFERENCERS.child(SCOPE, "mmbeta.inferencers")

MMBETA_DECODER_REGISTRY: root.Registry[nn.Module] = root.Registry(
    "decoder", scope=SCOPE, locations=["mmbeta.models"]
)
MMBETA_NECK_REGISTRY: root.Registry[nn.Module] = root.Registry(
    "neck", scope=SCOPE, locations=["mmbeta.models"]
)
MMBETA_MODEL_FACTORY_REGISTRY: root.Registry[Any] = root.Registry(
    "model factory", scope=SCOPE, locations=["mmbeta.models"]
)
root.DECODER_REGISTRY.register_source(SCOPE, MMBETA_DECODER_REGISTRY)
root.NECK_REGISTRY.register_source(SCOPE, MMBETA_NECK_REGISTRY)
root.MODEL_FACTORY_REGISTRY.register_source(SCOPE, MMBETA_MODEL_FACTORY_REGISTRY)
