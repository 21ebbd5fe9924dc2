"""Backbones by their name in `BACKBONE_REGISTRY`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any, ClassVar

from torch import Tensor

from engine.model import BaseModule, channels_of
from engine.registry import BACKBONE_REGISTRY, MultiSourceRegistry, needs_trust
from engine.registry.restrictions import TIMM_OPTIONS, TRANSFORMERS_OPTIONS
from mmbeta.registry import MODELS

from .maps import maps_of


@MODELS.register_module()
@needs_trust(**TIMM_OPTIONS, **TRANSFORMERS_OPTIONS)
class NamedBackbone(BaseModule):
    """A backbone of any source, which hands on its feature maps, the largest first.

    A backbone of a source gives a sequence of maps and has `out_channels`. Those of timm and of
    transformers serve as well; like all that take it, they are made with `features_only=True`.

    Args:
        name: A name in `BACKBONE_REGISTRY`, with or without the prefix of its source.
        **kwargs: The other arguments of the backbone.

    Attributes:
        names_of_sources: Where the value of an argument is looked up, which the linter reads.
        hands_options_to: The argument that names what takes the other ones, which it reads as well.
        out_channels: The channels of each map.

    Raises:
        NotRegisteredError: If no source has the name.
        TypeError: If the model of that name does not say its channels.
    """

    names_of_sources: ClassVar[Mapping[str, MultiSourceRegistry[Any]]] = {"name": BACKBONE_REGISTRY}
    hands_options_to = names_of_sources

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__()
        sources = self.names_of_sources["name"]
        if _takes(sources.find_class(name, kwargs), "features_only"):
            kwargs.setdefault("features_only", True)
        self.backbone = sources.build(name, **kwargs)
        channels = channels_of(self.backbone)
        if channels is None:
            raise TypeError(
                f"{name} can't serve as a backbone of feature maps: "
                f"{type(self.backbone).__name__} does not tell their channels in a list "
                "`out_channels`"
            )
        self.out_channels = channels

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn images `(N, in_channels, H, W)` into maps `(N, C, H', W')`."""
        return maps_of(self.backbone, x)


def _takes(make: Callable[..., Any], keyword: str) -> bool:
    parameters = signature(make).parameters
    return keyword in parameters or any(
        each.kind is Parameter.VAR_KEYWORD for each in parameters.values()
    )
