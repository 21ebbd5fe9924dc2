from .activations import ACTIVATIONS as ACTIVATIONS
from .backbones.named import IMAGE_CLASSIFIER_BACKBONES as IMAGE_CLASSIFIER_BACKBONES
from .backbones.named import PooledFeatures as PooledFeatures
from .backbones.resnet import BasicBlock as BasicBlock
from .backbones.resnet import Bottleneck as Bottleneck
from .backbones.resnet import ResNet as ResNet
from .classifiers.image import ImageClassifier as ImageClassifier
from .heads.linear_head import LinearClsHead as LinearClsHead
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .necks.gap import GlobalAveragePooling as GlobalAveragePooling

__all__ = [
    "ACTIVATIONS",
    "IMAGE_CLASSIFIER_BACKBONES",
    "BasicBlock",
    "Bottleneck",
    "CrossEntropyLoss",
    "GlobalAveragePooling",
    "ImageClassifier",
    "LinearClsHead",
    "PooledFeatures",
    "ResNet",
]
