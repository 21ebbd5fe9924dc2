"""The registries of the scope `mmgamma`: one below each root."""

from __future__ import annotations

from engine import registry as root

MODELS = root.MODELS.child("mmgamma", "mmgamma.models")
DATASETS = root.DATASETS.child("mmgamma", "mmgamma.datasets")
METRICS = root.METRICS.child("mmgamma", "mmgamma.metrics")

for empty in (
    root.DATA_SAMPLERS,
    root.EVALUATOR,
    root.FUNCTIONS,
    root.HOOKS,
    root.INFERENCERS,
    root.LOG_PROCESSORS,
    root.LOOPS,
    root.MODEL_WRAPPERS,
    root.OPTIMIZERS,
    root.OPTIM_WRAPPERS,
    root.OPTIM_WRAPPER_CONSTRUCTORS,
    root.PARAM_SCHEDULERS,
    root.RUNNERS,
    root.STRATEGIES,
    root.TRANSFORMS,
    root.VISBACKENDS,
    root.VISUALIZERS,
    root.WEIGHT_INITIALIZERS,
):
    empty.child("mmgamma")
