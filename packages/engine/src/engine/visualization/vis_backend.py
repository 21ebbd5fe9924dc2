"""Visual backends, re-exported for subclasses."""

from __future__ import annotations

from ._aim import AimVisBackend
from ._backend import BaseVisBackend, force_init_env
from ._clearml import ClearMLVisBackend
from ._dvclive import DVCLiveVisBackend
from ._local import LocalVisBackend
from ._mlflow import MLflowVisBackend
from ._neptune import NeptuneVisBackend
from ._tensorboard import TensorboardVisBackend
from ._wandb import WandbVisBackend

__all__ = [
    "AimVisBackend",
    "BaseVisBackend",
    "ClearMLVisBackend",
    "DVCLiveVisBackend",
    "LocalVisBackend",
    "MLflowVisBackend",
    "NeptuneVisBackend",
    "TensorboardVisBackend",
    "WandbVisBackend",
    "force_init_env",
]
