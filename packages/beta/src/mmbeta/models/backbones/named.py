"""Backbones by their name in `BACKBONE_REGISTRY`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Any, ClassVar

from torch import Tensor

from engine.model import BaseModule, channels_of, features_of
from engine.registry import BACKBONE_REGISTRY, MultiSourceRegistry, needs_trust
from engine.registry.restrictions import TERRATORCH_OPTIONS, TRANSFORMERS_OPTIONS
from mmbeta.registry import MODELS

from .bands import adapt_bands


@MODELS.register_module()
@needs_trust(**TERRATORCH_OPTIONS, **TRANSFORMERS_OPTIONS)
class NamedBackbone(BaseModule):
    """A backbone of any source, which hands on its feature maps, the largest first.

    A backbone of a source gives a sequence of maps and has `out_channels`. Those of timm and of
    transformers serve as well; like all that take it, they are made with `features_only=True`.

    Args:
        name: A name in `BACKBONE_REGISTRY`, with or without the prefix of its source.
        bands: The bands of the images, by name and in their order: the first convolution is
            adapted to them as by `adapt_bands`. A backbone with an argument `bands` gets them.
        pretrained_bands: The bands for which the backbone was made.
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

    def __init__(
        self,
        name: str,
        bands: Sequence[str] | None = None,
        pretrained_bands: Sequence[str] = ("RED", "GREEN", "BLUE"),
        **kwargs: Any,
    ) -> None:
        super().__init__()
        sources = self.names_of_sources["name"]
        make = sources.find_class(name, kwargs)
        kwargs = _options(make, kwargs) | kwargs
        if bands is not None and "bands" in signature(make).parameters:
            kwargs["bands"], bands = list(bands), None
        self.backbone: Any = sources.build(name, **kwargs)
        if bands is not None:
            adapt_bands(self.backbone, bands, pretrained_bands)
        channels = channels_of(self.backbone)
        if channels is None:
            raise TypeError(
                f"{name} can't serve as a backbone of feature maps: "
                f"{type(self.backbone).__name__} does not tell their channels in a list "
                "`out_channels`"
            )
        self.out_channels = channels

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn images `(N, in_channels, H, W)` into maps `(N, C, H', W')`.

        A transformer may give tokens `(N, L, C)` instead, of which a neck makes maps.
        """
        return features_of(self.backbone, x)


def _options(make: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options by which a backbone gives maps, unless those given decide."""
    declared: Mapping[str, Any] | None = getattr(make, "as_backbone", None)
    if declared is not None:
        return {} if {*declared["unless"]} & {*given} else dict(declared["maps"])
    parameters = signature(make).parameters
    takes_any = any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
    return {"features_only": True} if takes_any or "features_only" in parameters else {}
