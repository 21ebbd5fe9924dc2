from ._image import read_image as read_image
from ._inferencer import BaseInferencer as BaseInferencer

__all__ = ["BaseInferencer", "read_image"]
