"""The registries of the scope `mmalpha`: one below each root of `engine`, and its backbones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import registry as root

if TYPE_CHECKING:
    from torch import nn

SCOPE = "mmalpha"

RUNNERS = root.RUNNERS.child(SCOPE)
RUNNER_CONSTRUCTORS = root.RUNNER_CONSTRUCTORS.child(SCOPE)
STRATEGIES = root.STRATEGIES.child(SCOPE)
LOOPS = root.LOOPS.child(SCOPE)
HOOKS = root.HOOKS.child(SCOPE, "mmalpha.hooks")
LOG_PROCESSORS = root.LOG_PROCESSORS.child(SCOPE)

DATASETS = root.DATASETS.child(SCOPE, "mmalpha.datasets")
DATA_SAMPLERS = root.DATA_SAMPLERS.child(SCOPE)
TRANSFORMS = root.TRANSFORMS.child(SCOPE, "mmalpha.datasets")
FUNCTIONS = root.FUNCTIONS.child(SCOPE)

MODELS = root.MODELS.child(SCOPE, "mmalpha.models")
MODEL_WRAPPERS = root.MODEL_WRAPPERS.child(SCOPE)
WEIGHT_INITIALIZERS = root.WEIGHT_INITIALIZERS.child(SCOPE)
TASK_UTILS = root.TASK_UTILS.child(SCOPE, "mmalpha.models")

OPTIMIZERS = root.OPTIMIZERS.child(SCOPE)
OPTIM_WRAPPERS = root.OPTIM_WRAPPERS.child(SCOPE)
OPTIM_WRAPPER = OPTIM_WRAPPERS
OPTIM_WRAPPER_CONSTRUCTORS = root.OPTIM_WRAPPER_CONSTRUCTORS.child(SCOPE)
PARAM_SCHEDULERS = root.PARAM_SCHEDULERS.child(SCOPE)

METRICS = root.METRICS.child(SCOPE, "mmalpha.metrics")
EVALUATOR = root.EVALUATOR.child(SCOPE)
VISUALIZERS = root.VISUALIZERS.child(SCOPE)
VISBACKENDS = root.VISBACKENDS.child(SCOPE)
INFERENCERS = root.INFERENCERS.child(SCOPE, "mmalpha.inferencers")

MMALPHA_BACKBONE_REGISTRY: root.Registry[nn.Module] = root.Registry(
    "backbone", scope=SCOPE, locations=["mmalpha.models"]
)
root.BACKBONE_REGISTRY.register_source(SCOPE, MMALPHA_BACKBONE_REGISTRY)
