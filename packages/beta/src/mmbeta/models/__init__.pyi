from .backbones.named import NamedBackbone as NamedBackbone
from .decoders.fcn import FCNDecoder as FCNDecoder
from .factories.encoder_decoder import EncoderDecoderFactory as EncoderDecoderFactory
from .heads.decode_head import BaseDecodeHead as BaseDecodeHead
from .heads.fcn_head import FCNHead as FCNHead
from .heads.named_head import NamedDecodeHead as NamedDecodeHead
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .necks.select import SelectIndices as SelectIndices
from .segmentors.encoder_decoder import EncoderDecoder as EncoderDecoder

__all__ = [
    "BaseDecodeHead",
    "CrossEntropyLoss",
    "EncoderDecoder",
    "EncoderDecoderFactory",
    "FCNDecoder",
    "FCNHead",
    "NamedBackbone",
    "NamedDecodeHead",
    "SelectIndices",
]
