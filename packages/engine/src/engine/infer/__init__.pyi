from ._image import decoding as decoding
from ._image import read_image as read_image
from ._inferencer import BaseInferencer as BaseInferencer
from ._inferencer import build_inferencer as build_inferencer
from ._inferencer import config_of as config_of
