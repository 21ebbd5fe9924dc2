"""Decode heads around a decoder of `DECODER_REGISTRY`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import nn

from engine.registry import DECODER_REGISTRY, MultiSourceRegistry
from mmbeta.registry import MODELS

from .decode_head import DecoderHead


@MODELS.register_module()
class NamedDecodeHead(DecoderHead):
    """A decoder of any source, then a classifier of each pixel.

    Args:
        decoder: A name in `DECODER_REGISTRY`, with or without the prefix of its source; or a module
            with `out_channels`.
        in_channels: As in `BaseDecodeHead`; the decoder takes them first.
        decoder_args: The other arguments of the decoder.
        in_index: As in `BaseDecodeHead`; the largest map first.
        map_channels: As in `BaseDecodeHead`.
        **kwargs: The other arguments of `BaseDecodeHead`.

    Attributes:
        names_of_sources: Where the value of an argument is looked up, which the linter reads.

    Raises:
        NotRegisteredError: If no source has the name.
        TypeError: If the decoder does not tell its channels.
    """

    names_of_sources: ClassVar[Mapping[str, MultiSourceRegistry[Any]]] = {
        "decoder": DECODER_REGISTRY
    }

    def __init__(
        self,
        decoder: str | nn.Module,
        in_channels: Sequence[int] | None = None,
        decoder_args: Mapping[str, Any] | None = None,
        in_index: Sequence[int] | None = None,
        map_channels: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        in_index, widths = self._chosen(in_channels, in_index, map_channels)
        made: Any = decoder
        if isinstance(decoder, str):
            sources = self.names_of_sources["decoder"]
            made = sources.build(decoder, widths, **(decoder_args or {}))
        channels = getattr(made, "out_channels", None)
        if not isinstance(channels, int):
            raise TypeError(
                f"a decoder tells the channels of its map in out_channels; {type(made).__name__} "
                "does not"
            )
        super().__init__(channels=channels, in_channels=widths, in_index=in_index, **kwargs)
        self.decoder = made
