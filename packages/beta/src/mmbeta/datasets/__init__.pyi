from .digits_canvas import DigitsCanvas as DigitsCanvas
from .folder import write_folder as write_folder
from .labels import LabelTable as LabelTable
from .seg_dataset import BaseSegDataset as BaseSegDataset
from .transforms.color import PhotoMetricDistortion as PhotoMetricDistortion
from .transforms.geometry import Pad as Pad
from .transforms.geometry import RandomCrop as RandomCrop
from .transforms.geometry import RandomFlip as RandomFlip
from .transforms.geometry import RandomResize as RandomResize
from .transforms.geometry import Resize as Resize
from .transforms.loading import LoadAnnotations as LoadAnnotations
from .transforms.loading import LoadImageFromFile as LoadImageFromFile
from .transforms.pack import PackSegInputs as PackSegInputs
from .voc import PascalVOCDataset as PascalVOCDataset

__all__ = [
    "BaseSegDataset",
    "DigitsCanvas",
    "LabelTable",
    "LoadAnnotations",
    "LoadImageFromFile",
    "PackSegInputs",
    "Pad",
    "PascalVOCDataset",
    "PhotoMetricDistortion",
    "RandomCrop",
    "RandomFlip",
    "RandomResize",
    "Resize",
    "write_folder",
]
