from .heads.decode_head import BaseDecodeHead as BaseDecodeHead
from .heads.fcn_head import FCNHead as FCNHead
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .segmentors.encoder_decoder import EncoderDecoder as EncoderDecoder

__all__ = ["BaseDecodeHead", "CrossEntropyLoss", "EncoderDecoder", "FCNHead"]
