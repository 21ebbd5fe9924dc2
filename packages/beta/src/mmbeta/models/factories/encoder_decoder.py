"""Factory of segmentation models from the names of a backbone and a decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from torch import nn

from engine.registry import NECK_REGISTRY
from mmbeta.models.backbones.named import NamedBackbone
from mmbeta.models.heads.named_head import NamedDecodeHead
from mmbeta.models.segmentors.encoder_decoder import EncoderDecoder
from mmbeta.registry import MMBETA_MODEL_FACTORY_REGISTRY

_PARTS = ("backbone", "decoder", "head")


@MMBETA_MODEL_FACTORY_REGISTRY.register
class EncoderDecoderFactory:
    """Builds an `EncoderDecoder` from names in `BACKBONE_REGISTRY` and `DECODER_REGISTRY`."""

    def build_model(
        self,
        task: Literal["segmentation"] = "segmentation",
        *,
        backbone: str,
        decoder: str,
        num_classes: int,
        necks: Sequence[Mapping[str, Any]] = (),
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
        **kwargs: Any,
    ) -> EncoderDecoder:
        """Build a model.

        Args:
            task: What the model is for; this factory knows segmentation.
            backbone: The name of the backbone.
            decoder: The name of the decoder.
            num_classes: How many classes there are, background included.
            necks: The necks between the two, in order: `name` in `NECK_REGISTRY`, and the
                arguments that the neck takes behind the channel list.
            data_preprocessor: As in `EncoderDecoder`.
            **kwargs: Arguments of the parts, each with the part in front: `backbone_pretrained`,
                `decoder_channels`, `head_dropout_ratio`.

        Returns:
            A model whose logits are `(N, num_classes, H, W)` for images `(N, C, H, W)`.

        Raises:
            NotRegisteredError: If no source has one of the names.
            TypeError: If an argument has none of the parts in front.
            ValueError: If there is no such task.
        """
        if task != "segmentation":
            raise ValueError(f"EncoderDecoderFactory builds for 'segmentation'; got {task!r}")
        options = _by_part(kwargs)
        encoder = NamedBackbone(backbone, **options["backbone"])
        channels: Sequence[int] = encoder.out_channels
        stages: list[Any] = []
        for neck in necks:
            args = {key: value for key, value in neck.items() if key != "name"}
            stages.append(NECK_REGISTRY.build(neck["name"], channels, **args))
            channels = stages[-1].out_channels
        head = NamedDecodeHead(
            decoder,
            channels,
            num_classes=num_classes,
            decoder_args=options["decoder"],
            **options["head"],
        )
        return EncoderDecoder(
            encoder,
            head,
            nn.Sequential(*stages) if stages else None,
            data_preprocessor=data_preprocessor,
        )


def _by_part(kwargs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
    for key, value in kwargs.items():
        part, _, name = key.partition("_")
        if part not in options or not name:
            raise TypeError(
                f"build_model has no argument {key!r}; those of the parts begin with "
                f"{', '.join(f'{each}_' for each in _PARTS)}"
            )
        options[part][name] = value
    return options
