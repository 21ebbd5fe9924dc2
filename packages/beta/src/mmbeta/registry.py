"""The registries of the scope `mmbeta`: one below each root of `engine`, and what it adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import registry as root

if TYPE_CHECKING:
    from torch import nn

SCOPE = "mmbeta"

RUNNERS = root.RUNNERS.child(SCOPE)
RUNNER_CONSTRUCTORS = root.RUNNER_CONSTRUCTORS.child(SCOPE)
STRATEGIES = root.STRATEGIES.child(SCOPE)
LOOPS = root.LOOPS.child(SCOPE)
HOOKS = root.HOOKS.child(SCOPE, "mmbeta.hooks")
LOG_PROCESSORS = root.LOG_PROCESSORS.child(SCOPE)

DATASETS = root.DATASETS.child(SCOPE, "mmbeta.datasets")
DATA_SAMPLERS = root.DATA_SAMPLERS.child(SCOPE)
TRANSFORMS = root.TRANSFORMS.child(SCOPE, "mmbeta.datasets")
FUNCTIONS = root.FUNCTIONS.child(SCOPE)

MODELS = root.MODELS.child(SCOPE, "mmbeta.models")
MODEL_WRAPPERS = root.MODEL_WRAPPERS.child(SCOPE)
WEIGHT_INITIALIZERS = root.WEIGHT_INITIALIZERS.child(SCOPE)
TASK_UTILS = root.TASK_UTILS.child(SCOPE)

OPTIMIZERS = root.OPTIMIZERS.child(SCOPE)
OPTIM_WRAPPERS = root.OPTIM_WRAPPERS.child(SCOPE)
OPTIM_WRAPPER = OPTIM_WRAPPERS
OPTIM_WRAPPER_CONSTRUCTORS = root.OPTIM_WRAPPER_CONSTRUCTORS.child(SCOPE)
PARAM_SCHEDULERS = root.PARAM_SCHEDULERS.child(SCOPE)

METRICS = root.METRICS.child(SCOPE, "mmbeta.metrics")
EVALUATOR = root.EVALUATOR.child(SCOPE)
VISUALIZERS = root.VISUALIZERS.child(SCOPE)
VISBACKENDS = root.VISBACKENDS.child(SCOPE)
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
