"""The root registries, one for each kind of part of a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from torch import nn

SCOPE = "engine"
add_scope_alias("mmengine", SCOPE)


def _make_root(name: str, *locations: str) -> Registry[Any]:
    return Registry(name, scope=SCOPE, locations=locations)


RUNNERS: Registry[Any] = Registry(
    "runner", build_runner_from_cfg, scope=SCOPE, locations=["engine.runner"]
)
RUNNER_CONSTRUCTORS = _make_root("runner constructor")
STRATEGIES = _make_root("strategy", "engine.runner")
LOOPS = _make_root("loop", "engine.runner")
HOOKS = _make_root("hook", "engine.hooks")
LOG_PROCESSORS = _make_root("log_processor", "engine.runner")

DATASETS = _make_root("dataset", "engine.dataset")
DATA_SAMPLERS = _make_root("data sampler", "engine.dataset")
TRANSFORMS = _make_root("transform", "engine.dataset")
TRANSFORMS.attach_source("torchvision", TORCHVISION_TRANSFORM_REGISTRY)
FUNCTIONS = _make_root("function", "engine.dataset")

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
WEIGHT_INITIALIZERS = _make_root("weight initializer", "engine.model")
TASK_UTILS = _make_root("task util")

OPTIMIZERS = _make_root("optimizer", "engine.optim.optimizer._torch", "engine.optim")
OPTIM_WRAPPERS = _make_root("optim_wrapper", "engine.optim")
OPTIM_WRAPPER = OPTIM_WRAPPERS
OPTIM_WRAPPER_CONSTRUCTORS = _make_root("optimizer wrapper constructor", "engine.optim")
PARAM_SCHEDULERS: Registry[Any] = Registry(
    "parameter scheduler", build_scheduler_from_cfg, scope=SCOPE, locations=["engine.optim"]
)

METRICS = _make_root("metric", "engine.evaluator")
METRICS.attach_source("torchmetrics", TORCHMETRICS_REGISTRY)
EVALUATOR = _make_root("evaluator", "engine.evaluator")
VISUALIZERS = _make_root("visualizer", "engine.visualization")
VISBACKENDS = _make_root("vis_backend", "engine.visualization")
INFERENCERS = _make_root("inferencer", "engine.infer")


def named_roots() -> dict[str, Registry[Any]]:
    """Return each root registry once, by its name in this module and in its order."""
    found: dict[str, Registry[Any]] = {}
    for name, value in globals().items():
        if isinstance(value, Registry) and value not in found.values():
            found[name] = value
    return found
