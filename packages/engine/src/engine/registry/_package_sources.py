"""The sources of models, transforms and metrics in other packages, each an extra of engine.

A package is imported when its source is first asked for a name or for all names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, partial
from importlib import import_module
from typing import Any

from engine.utils import did_you_mean

from ._source import PackageSource
from .restrictions import (
    TIMM_OPTIONS,
    TORCHMETRICS_OPTIONS,
    TORCHVISION_OPTIONS,
    TRANSFORMERS_OPTIONS,
    Restriction,
    needs_trust,
)

# What needs torch is in packages that may import torch; it is imported by name when it is needed.
_SMP_DECODERS = "engine.model._smp_decoder"
_TORCHVISION_MAPS = "engine.model._torchvision_maps"
_NAMED_WEIGHTS = "engine.model._named_weights"
_TORCHVISION_TRANSFORMS = "engine.dataset._torchvision"
_TORCHMETRICS = "engine.evaluator._torchmetrics"


def _bind_name(
    make: Callable[..., Any], name: str, restricted: Mapping[str, Restriction] | None = None
) -> Callable[..., Any]:
    """Return `make` with `name` as first argument, and with a name for error messages.

    Args:
        make: A function or class whose first argument is a name.
        name: The name.
        restricted: The options that data may not set.
    """
    bound = partial(make, name)
    names = {"__name__": name, "__qualname__": f"{make.__qualname__}({name!r})"}
    vars(bound).update(names, __module__=make.__module__)
    return needs_trust(**(restricted or {}))(bound)


def _mark_backbone(
    make: Callable[..., Any],
    maps: Mapping[str, Any],
    vectors: Mapping[str, Any],
    unless: Iterable[str] = (),
) -> Callable[..., Any]:
    """Mark `make` with the arguments that give feature maps, and with those that give one vector.

    `engine.model.build_backbone` passes them, unless a config has one of them or of `unless`.
    """
    decisive = (*maps, *vectors, *unless)
    vars(make)["as_backbone"] = {"maps": maps, "vectors": vectors, "unless": decisive}
    return make


def _list_timm() -> Iterable[str]:
    from timm import list_models

    names: list[str] = list_models()
    return names


@cache
def _former_timm_names() -> Mapping[str, str]:
    """Return what models of older releases of timm are called now."""
    from timm.models import get_deprecated_models

    gone = {"cspdarknet53_iabn": "cspdarknet53"}  # gone before timm noted such changes
    return gone | {former: name for former, name in get_deprecated_models().items() if name}


@cache
def _timm_weights() -> Mapping[str, Collection[str]]:
    """Return the tags of the weights of each model; that of weights without a tag is empty."""
    from timm import list_pretrained

    tags: dict[str, list[str]] = {}
    for name in list_pretrained():
        model, _, tag = name.partition(".")
        tags.setdefault(model, []).append(tag)
    return tags


def _list_timm_weights(name: str) -> Iterable[str]:
    return (tag or "default" for tag in _timm_weights().get(name, ()))


def _is_timm_name(name: str) -> bool:
    """Return whether a name is that of certain weights, `resnet50.a1_in1k`, or a former one."""
    model, dot, tag = name.partition(".")
    has_weights = bool(tag) == bool(dot) and tag in _timm_weights().get(model, ())
    return has_weights or name in _former_timm_names()


def _find_timm_model(name: str) -> Callable[..., Any]:
    import warnings  # deferred: timm takes longer
    from functools import wraps

    from timm import create_model

    former, name = name, _former_timm_names().get(name, name)

    @wraps(create_model)
    def create(*args: Any, in_channels: int | None = None, **kwargs: Any) -> Any:
        if former != name:
            warnings.warn(f"timm calls {former} {name} now", FutureWarning, stacklevel=2)
        if in_channels is not None:  # as the libraries call what is `in_chans` in timm
            kwargs.setdefault("in_chans", in_channels)
        return import_module(_NAMED_WEIGHTS).build_timm(*args, **kwargs)

    return _mark_backbone(
        _bind_name(create, name, TIMM_OPTIONS),
        maps={"features_only": True},
        vectors={"num_classes": 0},
    )


def _find_timm_function(name: str) -> Callable[..., Any]:
    from timm import model_entrypoint

    found: Callable[..., Any] = model_entrypoint(name)
    return found


def _list_torchvision() -> Iterable[str]:
    from torchvision.models import list_models

    names: list[str] = list_models()
    return names


def _list_torchvision_weights(name: str) -> Iterable[str]:
    from torchvision.models import get_model_weights

    return [each.name for each in get_model_weights(name)]


def _find_torchvision_model(name: str) -> Callable[..., Any]:
    from functools import wraps  # deferred: torchvision takes longer

    from torchvision.models import get_model_builder

    @wraps(get_model_builder(name))
    def make(*args: Any, **kwargs: Any) -> Any:
        return import_module(_NAMED_WEIGHTS).build_torchvision(name, *args, **kwargs)

    return _mark_backbone(
        needs_trust(**TORCHVISION_OPTIONS)(make),
        maps={"features_only": True},
        vectors={"num_classes": 0},
        unless=("return_nodes",),
    )


def _find_torchvision_function(name: str) -> Callable[..., Any]:
    from torchvision.models import get_model_builder

    found: Callable[..., Any] = get_model_builder(name)
    return found


def _list_torchvision_transform() -> Iterable[str]:
    names: Iterable[str] = import_module(_TORCHVISION_TRANSFORMS).transform_names()
    return names


def _find_torchvision_transform(name: str) -> Callable[..., Any]:
    from inspect import signature  # deferred: torchvision takes longer

    module = import_module(_TORCHVISION_TRANSFORMS)
    bound = _bind_name(module.TorchvisionTransform, name)
    vars(bound)["__signature__"] = signature(module.transform_class(name))
    return bound


def _find_torchvision_class(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_module(_TORCHVISION_TRANSFORMS).transform_class(name)
    return found


def _list_torchmetrics() -> Iterable[str]:
    names: Iterable[str] = import_module(_TORCHMETRICS).metric_names()
    return names


def _find_torchmetrics_metric(name: str) -> Callable[..., Any]:
    module = import_module(_TORCHMETRICS)
    bound = _bind_name(module.TorchMetric, name, TORCHMETRICS_OPTIONS)
    vars(bound)["__signature__"] = module.metric_signature(name)
    return bound


def _find_torchmetrics_class(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_module(_TORCHMETRICS).metric_class(name)
    return found


def _list_smp() -> Iterable[str]:
    names: Iterable[str] = import_module(_SMP_DECODERS).DECODERS
    return names


def _find_smp_decoder(name: str) -> Callable[..., Any]:
    return _bind_name(import_module(_SMP_DECODERS).SMPDecoder, name)


def _find_smp_class(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_module(_SMP_DECODERS).DECODERS[name].make
    return found


def _list_transformers() -> Iterable[str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_BACKBONE_MAPPING_NAMES

    names: Iterable[str] = MODEL_FOR_BACKBONE_MAPPING_NAMES
    return names


def _find_transformers_backbone(name: str) -> Callable[..., Any]:
    return _mark_backbone(
        _bind_name(_build_transformers_backbone, name, TRANSFORMERS_OPTIONS),
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


TIMM_MODEL_REGISTRY = PackageSource(
    "timm",
    _list_timm,
    _find_timm_model,
    "engine[timm]",
    is_known=_is_timm_name,
    list_weights=_list_timm_weights,
    find_original=_find_timm_function,
)
TORCHVISION_MODEL_REGISTRY = PackageSource(
    "torchvision",
    _list_torchvision,
    _find_torchvision_model,
    "engine[torchvision]",
    list_weights=_list_torchvision_weights,
    find_original=_find_torchvision_function,
)
TORCHVISION_TRANSFORM_REGISTRY = PackageSource(
    "torchvision",
    _list_torchvision_transform,
    _find_torchvision_transform,
    "engine[torchvision]",
    find_original=_find_torchvision_class,
)
TORCHMETRICS_REGISTRY = PackageSource(
    "torchmetrics",
    _list_torchmetrics,
    _find_torchmetrics_metric,
    "engine[torchmetrics]",
    find_original=_find_torchmetrics_class,
)
SMP_DECODER_REGISTRY = PackageSource(
    "segmentation_models_pytorch",
    _list_smp,
    _find_smp_decoder,
    "engine[smp]",
    find_original=_find_smp_class,
)
TRANSFORMERS_BACKBONE_REGISTRY = PackageSource(
    "transformers", _list_transformers, _find_transformers_backbone, "engine[transformers]"
)
