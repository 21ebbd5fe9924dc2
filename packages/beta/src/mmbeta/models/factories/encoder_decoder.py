"""Factory of models from the names of a backbone, necks and decoders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

from torch import nn

from engine.model import channels_of
from engine.registry import BACKBONE_REGISTRY, DECODER_REGISTRY, NECK_REGISTRY, needs_trust
from engine.registry.restrictions import TERRATORCH_OPTIONS, TRANSFORMERS_OPTIONS
from engine.utils import did_you_mean
from mmbeta.models.backbones.named import NamedBackbone
from mmbeta.models.heads.named_head import NamedDecodeHead
from mmbeta.models.heads.task_heads import HEADS
from mmbeta.models.segmentors.encoder_decoder import EncoderDecoder
from mmbeta.registry import MMBETA_MODEL_FACTORY_REGISTRY, MODELS

Task = Literal["segmentation", "regression", "classification", "scalar_regression"]

_PARTS = ("backbone", "decoder", "head")
_OPTIONS = {**TERRATORCH_OPTIONS, **TRANSFORMERS_OPTIONS}


@MMBETA_MODEL_FACTORY_REGISTRY.register
class EncoderDecoderFactory:
    """Builds an `EncoderDecoder` from names in `BACKBONE_REGISTRY` and `DECODER_REGISTRY`.

    In a config, `model=dict(type='EncoderDecoderFactory', ...)` with the arguments of `build_model`
    is the model.
    """

    def build_model(
        self,
        task: Task = "segmentation",
        *,
        backbone: str | nn.Module,
        decoder: str | nn.Module,
        num_classes: int | None = None,
        num_outputs: int = 1,
        necks: Sequence[Mapping[str, Any]] = (),
        aux_decoders: Sequence[Mapping[str, Any]] = (),
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
        test_cfg: Mapping[str, Any] | None = None,
        val_loss: bool = False,
        **kwargs: Any,
    ) -> EncoderDecoder:
        """Build a model.

        Args:
            task: `'segmentation'`, the class of each pixel; `'regression'`, numbers for each pixel;
                `'classification'`, the class of the image; `'scalar_regression'`, numbers for it.
            backbone: The name of the backbone, or a module that tells the channels of its maps.
            decoder: The name of the decoder, or a module with `out_channels`.
            num_classes: How many classes there are, background included, if there are classes.
            num_outputs: How many numbers there are, for a regression.
            necks: The necks between the two, in order: `name` in `NECK_REGISTRY`, and the
                arguments that the neck takes behind the channel list.
            aux_decoders: More decoders on the same features: `name`, `decoder`, and of the
                arguments here `num_classes`, `num_outputs` and those that begin with `decoder_` or
                `head_`. One with a `task` of its own predicts too; of others the loss counts.
            data_preprocessor: As in `EncoderDecoder`.
            test_cfg: As in `EncoderDecoder`.
            val_loss: As in `EncoderDecoder`.
            **kwargs: Arguments of the parts, each with the part in front: `backbone_pretrained`,
                `backbone_bands`, `decoder_channels`, `head_dropout_ratio`; or all those of a part,
                as `decoder_kwargs`.

        Raises:
            NotRegisteredError: If no source has one of the names.
            TypeError: If an argument has none of the parts in front.
            ValueError: If there is no such task, or no `num_classes` for it.
        """
        options = _by_part(kwargs, _PARTS, "build_model")
        if isinstance(backbone, nn.Module) and options["backbone"]:
            raise TypeError(f"the backbone is there; it takes no {[*options['backbone']]}")
        encoder = (
            backbone
            if isinstance(backbone, nn.Module)
            else NamedBackbone(backbone, **options["backbone"])
        )
        neck, channels = _build_necks(necks, channels_of(encoder))
        head = _build_head(task, decoder, num_classes, num_outputs, options, channels)
        auxiliary: dict[str, nn.Module] = {}
        tasks: dict[str, nn.Module] = {}
        for index, given in enumerate(aux_decoders):
            name, made, predicts = _build_auxiliary(
                given, index, task, num_classes, num_outputs, channels
            )
            if name in auxiliary or name in tasks:
                raise ValueError(f"two of aux_decoders are called {name!r}")
            (tasks if predicts else auxiliary)[name] = made
        return EncoderDecoder(
            encoder,
            head,
            neck,
            auxiliary_head=auxiliary or None,
            task_heads=tasks,
            data_preprocessor=data_preprocessor,
            test_cfg=test_cfg,
            val_loss=val_loss,
        )


@MODELS.register_module(name="EncoderDecoderFactory")
@needs_trust(**{f"backbone_{name}": reason for name, reason in _OPTIONS.items()})
def build_encoder_decoder(task: Task = "segmentation", **kwargs: Any) -> EncoderDecoder:
    """Build a model from a config; the arguments are those of the factory's `build_model`."""
    return EncoderDecoderFactory().build_model(task, **kwargs)


vars(build_encoder_decoder)["names_of_sources"] = {  # which the linter reads
    "backbone": BACKBONE_REGISTRY,
    "decoder": DECODER_REGISTRY,
}


def _build_necks(
    necks: Sequence[Mapping[str, Any]], channels: Sequence[int] | None
) -> tuple[nn.Module | None, Sequence[int]]:
    """Return the necks in a row, and the channels that come out."""
    if channels is None:
        raise TypeError("the backbone does not tell the channels of its maps in `out_channels`")
    stages: list[nn.Module] = []
    for neck in necks:
        if "name" not in neck:
            raise ValueError(f"each of necks has a name; got {dict(neck)}")
        args = {key: value for key, value in neck.items() if key != "name"}
        stages.append(NECK_REGISTRY.build(neck["name"], channels, **args))
        told = channels_of(stages[-1])
        if told is None and hasattr(stages[-1], "process_channel_list"):  # as in TerraTorch
            told = cast("Any", stages[-1]).process_channel_list(list(channels))
        if told is None:
            raise TypeError(f"the neck {neck['name']} does not tell its channels in out_channels")
        channels = told
    if not stages:
        return None, channels
    made = nn.Sequential(*stages)
    vars(made)["out_channels"] = list(channels)
    return made, channels


def _build_head(
    task: str,
    decoder: str | nn.Module,
    num_classes: int | None,
    num_outputs: int,
    options: Mapping[str, Mapping[str, Any]],
    channels: Sequence[int],
) -> NamedDecodeHead:
    if task not in HEADS:
        raise ValueError(
            f"task of EncoderDecoderFactory is {', '.join(map(repr, HEADS))}; got {task!r}"
        )
    size: dict[str, Any] = {"num_outputs": num_outputs}
    if not task.endswith("regression"):
        if num_classes is None:
            raise ValueError(f"num_classes is missing, which {task} needs")
        size = {"num_classes": num_classes}
    made: NamedDecodeHead = HEADS[task](
        decoder, in_channels=channels, decoder_args=options["decoder"], **size, **options["head"]
    )
    return made


def _build_auxiliary(
    given: Mapping[str, Any],
    index: int,
    task: str,
    num_classes: int | None,
    num_outputs: int,
    channels: Sequence[int],
) -> tuple[str, NamedDecodeHead, bool]:
    """Return the name of an auxiliary decoder, its head, and whether that predicts."""
    rest = dict(given)
    name = str(rest.pop("name", f"aux_{index}"))
    if "decoder" not in rest:
        raise ValueError(f"{name} of aux_decoders needs a decoder; got {dict(given)}")
    decoder = rest.pop("decoder")
    own = rest.pop("task", None)
    num_classes = rest.pop("num_classes", num_classes)
    num_outputs = rest.pop("num_outputs", num_outputs)
    options = _by_part(rest, _PARTS[1:], f"{name} of aux_decoders")
    head = _build_head(own or task, decoder, num_classes, num_outputs, options, channels)
    return name, head, own is not None


def _by_part(
    kwargs: Mapping[str, Any], parts: Iterable[str], owner: str
) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {part: {} for part in parts}
    for key, value in kwargs.items():
        part, _, name = key.partition("_")
        if part not in options or not name:
            known = ["necks", "num_classes", "num_outputs", "aux_decoders"]
            raise TypeError(
                f"{owner} has no argument {key!r}; those of the parts begin with "
                f"{', '.join(f'{each}_' for each in options)}{did_you_mean(key, known)}"
            )
        options[part] |= value if name in ("kwargs", "args") else {name: value}
    return options
