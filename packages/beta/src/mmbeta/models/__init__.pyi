from .backbones.named import NamedBackbone as NamedBackbone
from .decoders.deeplab import ASPP as ASPP
from .decoders.deeplab import DeepLabV3PlusDecoder as DeepLabV3PlusDecoder
from .decoders.fcn import FCNDecoder as FCNDecoder
from .decoders.segformer import SegformerDecoder as SegformerDecoder
from .decoders.unet import UNetDecoder as UNetDecoder
from .decoders.upernet import UPerNetDecoder as UPerNetDecoder
from .factories.encoder_decoder import EncoderDecoderFactory as EncoderDecoderFactory
from .heads.decode_head import BaseDecodeHead as BaseDecodeHead
from .heads.decode_head import DecoderHead as DecoderHead
from .heads.deeplab_head import DeepLabV3PlusHead as DeepLabV3PlusHead
from .heads.fcn_head import FCNHead as FCNHead
from .heads.named_head import NamedDecodeHead as NamedDecodeHead
from .heads.segformer_head import SegformerHead as SegformerHead
from .heads.unet_head import UNetHead as UNetHead
from .heads.uper_head import UPerHead as UPerHead
from .losses.base import SegLoss as SegLoss
from .losses.cross_entropy import CrossEntropyLoss as CrossEntropyLoss
from .losses.dice import DiceLoss as DiceLoss
from .losses.focal import FocalLoss as FocalLoss
from .losses.lovasz import LovaszLoss as LovaszLoss
from .necks.select import SelectIndices as SelectIndices
from .preprocess import SegDataPreprocessor as SegDataPreprocessor
from .segmentors.encoder_decoder import EncoderDecoder as EncoderDecoder
from .segmentors.windows import slide as slide
from .segmentors.windows import windows as windows

__all__ = [
    "ASPP",
    "BaseDecodeHead",
    "CrossEntropyLoss",
    "DecoderHead",
    "DeepLabV3PlusDecoder",
    "DeepLabV3PlusHead",
    "DiceLoss",
    "EncoderDecoder",
    "EncoderDecoderFactory",
    "FCNDecoder",
    "FCNHead",
    "FocalLoss",
    "LovaszLoss",
    "NamedBackbone",
    "NamedDecodeHead",
    "SegDataPreprocessor",
    "SegLoss",
    "SegformerDecoder",
    "SegformerHead",
    "SelectIndices",
    "UNetDecoder",
    "UNetHead",
    "UPerHead",
    "UPerNetDecoder",
    "slide",
    "windows",
]
