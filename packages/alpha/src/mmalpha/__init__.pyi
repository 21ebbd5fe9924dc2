from ._version import __version__ as __version__
from .inferencers import ClsInferencer as ClsInferencer
from .structures import DataSample as DataSample
