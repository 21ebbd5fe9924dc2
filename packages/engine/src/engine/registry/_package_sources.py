"""Other packages as sources of models, transforms and metrics. Each is an extra of engine.

None is imported before a source is asked for a name or a list of names.
"""

from __future__ import annotations

from importlib import import_module

from engine.utils import did_you_mean

from ._source import PackageSource
from .restrictions import TIMM_OPTIONS, TORCHMETRICS_OPTIONS, TRANSFORMERS_OPTIONS, needs_trust

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .restrictions import Restriction

# What needs torch lives where torch may be imported, and is found as the parts of a registry are.
_SMP_DECODERS = "engine.model._smp_decoder"
_TORCHVISION_MAPS = "engine.model._torchvision_maps"
_TORCHVISION_TRANSFORMS = "engine.dataset._torchvision"
_TORCHMETRICS = "engine.evaluator._torchmetrics"


def _bound(
    make: Callable[..., Any], name: str, restricted: Mapping[str, Restriction] | None = None
) -> Callable[..., Any]:
    """Return `make` with its first argument given, and with names for messages to call it by.

    Args:
        make: What makes the thing of a name.
        name: The name.
        restricted: What data may not say of its options.
    """
    from functools import partial  # deferred, see _registry.py

    bound = partial(make, name)
    names = {"__name__": name, "__qualname__": f"{make.__qualname__}({name!r})"}
    vars(bound).update(names, __module__=make.__module__)
    return needs_trust(**(restricted or {}))(bound)


def _as_backbone(
    make: Callable[..., Any],
    maps: Mapping[str, Any],
    vectors: Mapping[str, Any],
    unless: Iterable[str] = (),
) -> Callable[..., Any]:
    """Tell with which arguments a model gives feature maps, and with which one vector.

    See `engine.model.build_backbone`; a config that has one of these, or of `unless`, decides.
    """
    decisive = (*maps, *vectors, *unless)
    vars(make)["as_backbone"] = {"maps": maps, "vectors": vectors, "unless": decisive}
    return make


def _timm_names() -> Iterable[str]:
    from timm import list_models

    names: list[str] = list_models()
    return names


def _timm_model(name: str) -> Callable[..., Any]:
    from timm import create_model

    return _as_backbone(
        _bound(create_model, name, TIMM_OPTIONS),
        maps={"features_only": True},
        vectors={"num_classes": 0},
    )


def _torchvision_names() -> Iterable[str]:
    from torchvision.models import list_models

    names: list[str] = list_models()
    return names


def _torchvision_model(name: str) -> Callable[..., Any]:
    from functools import wraps  # deferred: torchvision takes longer

    from torchvision.models import get_model_builder

    builder: Callable[..., Any] = get_model_builder(name)

    @wraps(builder)
    def make(
        *args: Any,
        return_nodes: list[str] | None = None,
        features_only: bool = False,
        **kwargs: Any,
    ) -> Any:
        if features_only or return_nodes is not None:
            return import_module(_TORCHVISION_MAPS).TorchvisionMaps(name, return_nodes, **kwargs)
        if kwargs.get("num_classes") != 0:
            return builder(*args, **kwargs)
        del kwargs["num_classes"]
        return import_module(_TORCHVISION_MAPS).without_classifier(builder(*args, **kwargs))

    return _as_backbone(
        make,
        maps={"features_only": True},
        vectors={"num_classes": 0},
        unless=("return_nodes",),
    )


def _torchvision_transform_names() -> Iterable[str]:
    names: Iterable[str] = import_module(_TORCHVISION_TRANSFORMS).transform_names()
    return names


def _torchvision_transform(name: str) -> Callable[..., Any]:
    from inspect import signature  # deferred: torchvision takes longer

    module = import_module(_TORCHVISION_TRANSFORMS)
    bound = _bound(module.TorchvisionTransform, name)
    vars(bound)["__signature__"] = signature(module.transform_class(name))
    return bound


def _torchmetrics_names() -> Iterable[str]:
    names: Iterable[str] = import_module(_TORCHMETRICS).metric_names()
    return names


def _torchmetrics_metric(name: str) -> Callable[..., Any]:
    module = import_module(_TORCHMETRICS)
    bound = _bound(module.TorchMetric, name, TORCHMETRICS_OPTIONS)
    vars(bound)["__signature__"] = module.metric_signature(name)
    return bound


def _smp_names() -> Iterable[str]:
    names: Iterable[str] = import_module(_SMP_DECODERS).DECODERS
    return names


def _smp_decoder(name: str) -> Callable[..., Any]:
    return _bound(import_module(_SMP_DECODERS).SMPDecoder, name)


def _transformers_names() -> Iterable[str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_BACKBONE_MAPPING_NAMES

    names: Iterable[str] = MODEL_FOR_BACKBONE_MAPPING_NAMES
    return names


def _transformers_backbone(name: str) -> Callable[..., Any]:
    return _as_backbone(
        _bound(_build_transformers_backbone, name, TRANSFORMERS_OPTIONS),
        maps={"features_only": True},
        vectors={"features_only": True},
        unless=("out_features", "out_indices"),
    )


def _build_transformers_backbone(name: str, *, features_only: bool = False, **config: Any) -> Any:
    """Build a backbone of transformers from its configuration, with fresh weights.

    Args:
        name: The type of the model, such as `swin`.
        features_only: Whether to hand on the maps of all stages, rather than what the
            configuration says, which is that of the last unless it says more.
        **config: The configuration.

    Raises:
        TypeError: If the configuration of such a model has no such entry, which transformers
            itself would take for one.
    """
    from json import loads  # deferred, as transformers is

    from transformers import AutoBackbone, AutoConfig

    made = AutoConfig.for_model(name, **config)
    known: Mapping[str, Any] = type(made)().to_dict() | {"out_features": None, "out_indices": None}
    for key in config:
        if key not in known:
            raise TypeError(
                f"the configuration of {name} in transformers has no {key!r}"
                f"{did_you_mean(key, known)}"
            )
    # As from the file of a configuration: some models can't do with the tuples of their defaults.
    made = type(made).from_dict(loads(made.to_json_string()))
    if features_only:
        made.out_features = [stage for stage in made.stage_names if stage != "stem"]
    return AutoBackbone.from_config(made)


TIMM_MODEL_REGISTRY = PackageSource("timm", _timm_names, _timm_model, "engine[timm]")
TORCHVISION_MODEL_REGISTRY = PackageSource(
    "torchvision", _torchvision_names, _torchvision_model, "engine[torchvision]"
)
TORCHVISION_TRANSFORM_REGISTRY = PackageSource(
    "torchvision",
    _torchvision_transform_names,
    _torchvision_transform,
    "engine[torchvision]",
)
TORCHMETRICS_REGISTRY = PackageSource(
    "torchmetrics", _torchmetrics_names, _torchmetrics_metric, "engine[torchmetrics]"
)
SMP_DECODER_REGISTRY = PackageSource(
    "segmentation_models_pytorch", _smp_names, _smp_decoder, "engine[smp]"
)
TRANSFORMERS_BACKBONE_REGISTRY = PackageSource(
    "transformers", _transformers_names, _transformers_backbone, "engine[transformers]"
)
