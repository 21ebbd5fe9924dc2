from ._base import BaseDataElement as BaseDataElement
from ._instance import InstanceData as InstanceData
from ._label import LabelData as LabelData
from ._pixel import PixelData as PixelData
