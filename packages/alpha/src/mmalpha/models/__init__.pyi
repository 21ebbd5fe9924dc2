from .activations import ACTIVATIONS as ACTIVATIONS
from .backbones.convnext import ConvNeXt as ConvNeXt
from .backbones.named import IMAGE_CLASSIFIER_BACKBONES as IMAGE_CLASSIFIER_BACKBONES
from .backbones.named import PooledFeatures as PooledFeatures
from .backbones.resnet import BasicBlock as BasicBlock
from .backbones.resnet import Bottleneck as Bottleneck
from .backbones.resnet import ResNet as ResNet
from .backbones.timm import TIMMBackbone as TIMMBackbone
from .backbones.vision_transformer import VisionTransformer as VisionTransformer
from .backbones.vision_transformer import resize_pos_embed as resize_pos_embed
from .batch_augments import BatchAugments as BatchAugments
from .batch_augments import CutMix as CutMix
from .batch_augments import Mixup as Mixup
from .classifiers.image import ImageClassifier as ImageClassifier
from .heads.linear_head import LinearClsHead as LinearClsHead
from .heads.linear_head import MultiLabelHead as MultiLabelHead
from .key_maps import TIMM_CONVNEXT as TIMM_CONVNEXT
from .key_maps import TIMM_RESNET as TIMM_RESNET
from .key_maps import TIMM_VIT as TIMM_VIT
from .key_maps import TORCHVISION_RESNET as TORCHVISION_RESNET
from .key_maps import TORCHVISION_VIT as TORCHVISION_VIT
from .layers import DropPath as DropPath
from .losses import BinaryCrossEntropyLoss as BinaryCrossEntropyLoss
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .losses import FocalLoss as FocalLoss
from .necks.gap import GlobalAveragePooling as GlobalAveragePooling

__all__ = [
    "ACTIVATIONS",
    "IMAGE_CLASSIFIER_BACKBONES",
    "TIMM_CONVNEXT",
    "TIMM_RESNET",
    "TIMM_VIT",
    "TORCHVISION_RESNET",
    "TORCHVISION_VIT",
    "BasicBlock",
    "BatchAugments",
    "BinaryCrossEntropyLoss",
    "Bottleneck",
    "ConvNeXt",
    "CrossEntropyLoss",
    "CutMix",
    "DropPath",
    "FocalLoss",
    "GlobalAveragePooling",
    "ImageClassifier",
    "LinearClsHead",
    "Mixup",
    "MultiLabelHead",
    "PooledFeatures",
    "ResNet",
    "TIMMBackbone",
    "VisionTransformer",
    "resize_pos_embed",
]
