"""Decoders of segmentation_models_pytorch for any backbone.

The decoders there expect those of its own encoders, the image itself and a map of half its size
first. Maps without channels stand in for the two: that is the package's own convention for encoders
which have no such maps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from segmentation_models_pytorch.decoders.deeplabv3 import decoder as deeplabv3
from segmentation_models_pytorch.decoders.fpn.decoder import FPNDecoder
from segmentation_models_pytorch.decoders.linknet.decoder import LinknetDecoder
from segmentation_models_pytorch.decoders.manet.decoder import MAnetDecoder
from segmentation_models_pytorch.decoders.pan.decoder import PANDecoder
from segmentation_models_pytorch.decoders.pspnet.decoder import PSPDecoder
from segmentation_models_pytorch.decoders.segformer.decoder import SegformerDecoder
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from segmentation_models_pytorch.decoders.unetplusplus.decoder import UnetPlusPlusDecoder
from segmentation_models_pytorch.decoders.upernet.decoder import UPerNetDecoder
from torch import Tensor, nn


@dataclass(frozen=True)
class _Kind:
    """What is particular about a decoder.

    Attributes:
        make: Its class.
        out: The argument that says how many channels it gives, the last where it is a list.
        options: Those of its arguments for which the class has no defaults, with the values of the
            package's models.
        depth: The argument that says how many maps there are, the image not counted.
        stand_ins: How many maps stand in for what the package's encoders have in front.
        most: How many maps it uses, the last of those that there are; None means all.
        least: How many maps it needs.
    """

    make: Callable[..., nn.Module]
    out: str
    options: Mapping[str, Any]
    depth: str | None = "encoder_depth"
    stand_ins: int = 2
    most: int | None = None
    least: int = 1


def _unet(make: Callable[..., nn.Module]) -> _Kind:
    return _Kind(make, "decoder_channels", {}, depth="n_blocks", stand_ins=1, least=2)


_WIDEST = 256  # channels of the first block of a U-shaped decoder; each has half of those before
_DEEPLAB: Mapping[str, Any] = {"out_channels": 256, "atrous_rates": (12, 24, 36)}

DECODERS: Mapping[str, _Kind] = {
    "Unet": _unet(UnetDecoder),
    "UnetPlusPlus": _unet(UnetPlusPlusDecoder),
    "MAnet": _unet(MAnetDecoder),
    "Linknet": _Kind(
        LinknetDecoder, "prefinal_channels", {"prefinal_channels": 32}, "n_blocks", stand_ins=1
    ),
    "FPN": _Kind(FPNDecoder, "segmentation_channels", {"segmentation_channels": 128}, least=4),
    "PSPNet": _Kind(PSPDecoder, "out_channels", {"out_channels": 512}, depth=None),
    "DeepLabV3": _Kind(
        deeplabv3.DeepLabV3Decoder,
        "out_channels",
        {**_DEEPLAB, "aspp_separable": False, "aspp_dropout": 0.5},
        depth=None,
        stand_ins=0,
        most=1,
    ),
    "DeepLabV3Plus": _Kind(
        deeplabv3.DeepLabV3PlusDecoder,
        "out_channels",
        {**_DEEPLAB, "output_stride": 16, "aspp_separable": True, "aspp_dropout": 0.5},
        most=3,
        least=3,
    ),
    "PAN": _Kind(PANDecoder, "decoder_channels", {"decoder_channels": 32}, most=4, least=2),
    "UPerNet": _Kind(UPerNetDecoder, "decoder_channels", {"decoder_channels": 256}, least=2),
    "Segformer": _Kind(
        SegformerDecoder, "segmentation_channels", {"segmentation_channels": 256}, least=2
    ),
}


class SMPDecoder(nn.Module):
    """A decoder of segmentation_models_pytorch.

    Args:
        name: That of the model to which it belongs, such as `Unet`.
        channels: The channels of each map of the backbone, the largest map first.
        **options: The other arguments of the decoder's class.

    Attributes:
        out_channels: The channels of the map that it gives.

    Raises:
        ValueError: If there are fewer maps than the decoder needs.
    """

    def __init__(self, name: str, channels: Sequence[int], **options: Any) -> None:
        super().__init__()
        kind = DECODERS[name]
        if len(channels) < kind.least:
            raise ValueError(
                f"{name} needs at least {kind.least} feature maps; got those of {list(channels)}"
            )
        self._most, self._stand_ins = kind.most, kind.stand_ins
        widths = [0] * kind.stand_ins + self._select(channels)
        options = _defaults(kind, len(widths) - 1) | options
        first = widths[-1] if name == "DeepLabV3" else widths
        self.decoder = kind.make(first, **options)
        out = getattr(self.decoder, "out_channels", options[kind.out])
        self.out_channels: int = out if isinstance(out, int) else out[-1]

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Decode feature maps.

        Args:
            feats: Maps `(N, C, H, W)`, the largest first, each half as high and wide as the one
                before.

        Returns:
            A map `(N, out_channels, H', W')`.

        Raises:
            ValueError: If the maps have other sizes, and the decoder can't join them.
        """
        used = self._select(feats)
        count, _, height, width = used[0].shape
        stand_ins = [
            used[0].new_empty(count, 0, height * 2**step, width * 2**step)
            for step in range(self._stand_ins, 0, -1)
        ]
        try:
            return cast("Tensor", self.decoder([*stand_ins, *used]))
        except RuntimeError as error:
            sizes = [tuple(each.shape[-2:]) for each in used]
            if all(2 * b in (a, a + 1) for (a, _), (b, _) in pairwise(sizes)):
                raise
            raise ValueError(
                f"{type(self.decoder).__name__} takes maps each half as high and wide as the one "
                f"before; got {', '.join(f'{h}×{w}' for h, w in sizes)}. For a plain transformer "
                "put a neck in between, such as InterpolateToPyramidal"
            ) from error

    def _select(self, of_maps: Sequence[Any]) -> list[Any]:
        return list(of_maps if self._most is None else of_maps[-self._most :])


def _defaults(kind: _Kind, depth: int) -> dict[str, Any]:
    options = dict(kind.options)
    if kind.depth is not None:
        options[kind.depth] = depth
    if kind.stand_ins == 1 and kind.out == "decoder_channels":
        options[kind.out] = tuple(_WIDEST >> step for step in range(depth))
    return options
