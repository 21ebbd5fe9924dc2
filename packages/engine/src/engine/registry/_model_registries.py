"""The registries of the components of models, each with several sources.

The sources of libraries come first, in the order in which they were added; those of other packages
come last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._multi_source import MultiSourceRegistry
from ._package_sources import (
    SMP_DECODER_REGISTRY,
    TIMM_MODEL_REGISTRY,
    TRANSFORMERS_BACKBONE_REGISTRY,
)
from ._registry import Registry
from ._terratorch import terratorch_source

if TYPE_CHECKING:
    from torch import nn

SCOPE = "engine"

BACKBONE_REGISTRY: MultiSourceRegistry[nn.Module] = MultiSourceRegistry(
    "backbone",
    discover=True,
    behind={
        # First, since its import adds models to timm.
        **terratorch_source("TERRATORCH_BACKBONE_REGISTRY", "BACKBONE_REGISTRY"),
        "timm": TIMM_MODEL_REGISTRY,
        "transformers": TRANSFORMERS_BACKBONE_REGISTRY,
    },
)
DECODER_REGISTRY: MultiSourceRegistry[nn.Module] = MultiSourceRegistry(
    "decoder",
    discover=True,
    behind={**terratorch_source("TERRATORCH_DECODER_REGISTRY"), "smp": SMP_DECODER_REGISTRY},
)
NECK_REGISTRY: MultiSourceRegistry[nn.Module] = MultiSourceRegistry(
    "neck", discover=True, behind=terratorch_source("TERRATORCH_NECK_REGISTRY")
)
NECK_REGISTRY.register_source(SCOPE, Registry("neck", scope=SCOPE))
MODEL_FACTORY_REGISTRY: MultiSourceRegistry[Any] = MultiSourceRegistry(
    "model factory", discover=True, behind=terratorch_source("MODEL_FACTORY_REGISTRY")
)
MODEL_FACTORY_REGISTRY.register_source(SCOPE, Registry("model factory", scope=SCOPE))
