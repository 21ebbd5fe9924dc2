"""The registries of the scope `mmgamma`: a node below each root that it fills."""

from __future__ import annotations

from engine import registry as root

MODELS = root.MODELS.child("mmgamma", "mmgamma.models")
DATASETS = root.DATASETS.child("mmgamma", "mmgamma.datasets")
METRICS = root.METRICS.child("mmgamma", "mmgamma.metrics")
