from ._image import decoding as decoding
from ._image import read_image as read_image
from ._inferencer import BaseInferencer as BaseInferencer
from ._inferencer import build_inferencer as build_inferencer
from ._inferencer import config_of as config_of
from ._model_index import KnownModel as KnownModel
from ._model_index import find_model as find_model
from ._model_index import iter_models as iter_models
