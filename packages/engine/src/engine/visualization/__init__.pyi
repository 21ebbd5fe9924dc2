from ._aim import AimVisBackend as AimVisBackend
from ._backend import BaseVisBackend as BaseVisBackend
from ._backend import force_init_env as force_init_env
from ._clearml import ClearMLVisBackend as ClearMLVisBackend
from ._curves import plot_curves as plot_curves
from ._dvclive import DVCLiveVisBackend as DVCLiveVisBackend
from ._image_file import write_image as write_image
from ._local import LocalVisBackend as LocalVisBackend
from ._mlflow import MLflowVisBackend as MLflowVisBackend
from ._neptune import NeptuneVisBackend as NeptuneVisBackend
from ._requires import require_matplotlib as require_matplotlib
from ._scalars import find_runs as find_runs
from ._scalars import read_curves as read_curves
from ._tensorboard import TensorboardVisBackend as TensorboardVisBackend
from ._visualizer import Visualizer as Visualizer
from ._wandb import WandbVisBackend as WandbVisBackend

__all__ = [
    "AimVisBackend",
    "BaseVisBackend",
    "ClearMLVisBackend",
    "DVCLiveVisBackend",
    "LocalVisBackend",
    "MLflowVisBackend",
    "NeptuneVisBackend",
    "TensorboardVisBackend",
    "Visualizer",
    "WandbVisBackend",
    "find_runs",
    "force_init_env",
    "plot_curves",
    "read_curves",
    "require_matplotlib",
    "write_image",
]
