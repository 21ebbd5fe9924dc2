from ._backend import BaseVisBackend as BaseVisBackend
from ._curves import plot_curves as plot_curves
from ._image_file import write_image as write_image
from ._local import LocalVisBackend as LocalVisBackend
from ._matplotlib import require_matplotlib as require_matplotlib
from ._tensorboard import TensorboardVisBackend as TensorboardVisBackend
from ._visualizer import Visualizer as Visualizer

__all__ = [
    "BaseVisBackend",
    "LocalVisBackend",
    "TensorboardVisBackend",
    "Visualizer",
    "plot_curves",
    "require_matplotlib",
    "write_image",
]
