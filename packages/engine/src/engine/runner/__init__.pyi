from ._base_loop import BaseLoop as BaseLoop
from ._checkpointer import load_checkpoint as load_checkpoint
from ._eval_loops import TestLoop as TestLoop
from ._eval_loops import ValLoop as ValLoop
from ._interrupt import StopRequest as StopRequest
from ._interrupt import TrainingInterrupted as TrainingInterrupted
from ._log_processor import LogProcessor as LogProcessor
from ._log_processor import faults_of_statistics as faults_of_statistics
from ._paths import missing_annotations as missing_annotations
from ._paths import missing_files as missing_files
from ._precision import autocast as autocast
from ._priority import Priority as Priority
from ._priority import get_priority as get_priority
from ._reexports import CheckpointError as CheckpointError
from ._reexports import CheckpointLoader as CheckpointLoader
from ._reexports import get_state_dict as get_state_dict
from ._reexports import get_torchvision_models as get_torchvision_models
from ._reexports import load_state_dict as load_state_dict
from ._reexports import read_checkpoint as read_checkpoint
from ._reexports import save_checkpoint as save_checkpoint
from ._reexports import turn_on_activation_checkpointing as turn_on_activation_checkpointing
from ._reexports import weights_to_cpu as weights_to_cpu
from ._resume_point import find_latest_checkpoint as find_latest_checkpoint
from ._runner import FlexibleRunner as FlexibleRunner
from ._runner import Runner as Runner
from ._seed import set_random_seed as set_random_seed
from ._train_loops import BaseTrainLoop as BaseTrainLoop
from ._train_loops import EpochBasedTrainLoop as EpochBasedTrainLoop
from ._train_loops import IterBasedTrainLoop as IterBasedTrainLoop
from .strategies._ddp import DDPStrategy as DDPStrategy
from .strategies._single_device import SingleDeviceStrategy as SingleDeviceStrategy
from .strategies._strategy import BaseStrategy as BaseStrategy

__all__ = [
    "BaseLoop",
    "BaseStrategy",
    "BaseTrainLoop",
    "CheckpointError",
    "CheckpointLoader",
    "DDPStrategy",
    "EpochBasedTrainLoop",
    "FlexibleRunner",
    "IterBasedTrainLoop",
    "LogProcessor",
    "Priority",
    "Runner",
    "SingleDeviceStrategy",
    "StopRequest",
    "TestLoop",
    "TrainingInterrupted",
    "ValLoop",
    "autocast",
    "faults_of_statistics",
    "find_latest_checkpoint",
    "get_priority",
    "get_state_dict",
    "get_torchvision_models",
    "load_checkpoint",
    "load_state_dict",
    "missing_annotations",
    "missing_files",
    "read_checkpoint",
    "save_checkpoint",
    "set_random_seed",
    "turn_on_activation_checkpointing",
    "weights_to_cpu",
]
