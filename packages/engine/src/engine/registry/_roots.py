"""The root registries: one for each kind of part that a training run is made of."""

from __future__ import annotations

from ._build import build_model_from_cfg, build_runner_from_cfg, build_scheduler_from_cfg
from ._package_sources import (
    SMP_DECODER_REGISTRY,
    TIMM_MODEL_REGISTRY,
    TORCHMETRICS_REGISTRY,
    TORCHVISION_MODEL_REGISTRY,
    TORCHVISION_TRANSFORM_REGISTRY,
    TRANSFORMERS_BACKBONE_REGISTRY,
)
from ._registry import Registry
from ._scope import add_scope_alias

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from typing import Any

    from torch import nn

SCOPE = "engine"
add_scope_alias("mmengine", SCOPE)


def _root(name: str, *locations: str) -> Registry[Any]:
    return Registry(name, scope=SCOPE, locations=locations)


RUNNERS: Registry[Any] = Registry(
    "runner", build_runner_from_cfg, scope=SCOPE, locations=["engine.runner"]
)
RUNNER_CONSTRUCTORS = _root("runner constructor")
STRATEGIES = _root("strategy", "engine.runner")
LOOPS = _root("loop", "engine.runner")
HOOKS = _root("hook", "engine.hooks")
LOG_PROCESSORS = _root("log_processor", "engine.runner")

DATASETS = _root("dataset", "engine.dataset")
DATA_SAMPLERS = _root("data sampler", "engine.dataset")
TRANSFORMS = _root("transform", "engine.dataset")
TRANSFORMS.attach_source("torchvision", TORCHVISION_TRANSFORM_REGISTRY)
FUNCTIONS = _root("function", "engine.dataset")

MODELS: Registry[nn.Module] = Registry(
    "model", build_model_from_cfg, scope=SCOPE, locations=["engine.model"]
)
MODELS.attach_source("timm", TIMM_MODEL_REGISTRY)
MODELS.attach_source("torchvision", TORCHVISION_MODEL_REGISTRY)
MODELS.attach_source("smp", SMP_DECODER_REGISTRY)
MODELS.attach_source("transformers", TRANSFORMERS_BACKBONE_REGISTRY)
MODEL_WRAPPERS: Registry[nn.Module] = Registry(
    "model_wrapper", scope=SCOPE, locations=["engine.model"]
)
WEIGHT_INITIALIZERS = _root("weight initializer", "engine.model")
TASK_UTILS = _root("task util")

OPTIMIZERS = _root("optimizer", "engine.optim")
OPTIM_WRAPPERS = _root("optim_wrapper", "engine.optim")
OPTIM_WRAPPER = OPTIM_WRAPPERS
OPTIM_WRAPPER_CONSTRUCTORS = _root("optimizer wrapper constructor", "engine.optim")
PARAM_SCHEDULERS: Registry[Any] = Registry(
    "parameter scheduler", build_scheduler_from_cfg, scope=SCOPE, locations=["engine.optim"]
)

METRICS = _root("metric", "engine.evaluator")
METRICS.attach_source("torchmetrics", TORCHMETRICS_REGISTRY)
EVALUATOR = _root("evaluator", "engine.evaluator")
VISUALIZERS = _root("visualizer", "engine.visualization")
VISBACKENDS = _root("vis_backend", "engine.visualization")
INFERENCERS = _root("inferencer", "engine.infer")


def all_roots() -> list[Registry[Any]]:
    """Return each root registry once, in the order of this module."""
    found = [value for value in globals().values() if isinstance(value, Registry)]
    return list(dict.fromkeys(found))
