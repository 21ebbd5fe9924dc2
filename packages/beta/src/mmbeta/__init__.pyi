from ._version import __version__ as __version__
from .inferencers import SegInferencer as SegInferencer
from .structures import SegDataSample as SegDataSample
