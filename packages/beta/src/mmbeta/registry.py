"""The registries of the scope `mmbeta`: one below each root of `engine`."""

from __future__ import annotations

from engine import registry as root

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
