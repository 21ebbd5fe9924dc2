from ._checkpoint import CheckpointError as CheckpointError
from ._checkpoint import find_latest_checkpoint as find_latest_checkpoint
from ._checkpoint import load_checkpoint as load_checkpoint
from ._checkpoint import load_state_dict as load_state_dict
from ._checkpoint import read_checkpoint as read_checkpoint
from ._checkpoint import save_checkpoint as save_checkpoint
from ._log_processor import LogProcessor as LogProcessor
from ._loops import BaseLoop as BaseLoop
from ._loops import EpochBasedTrainLoop as EpochBasedTrainLoop
from ._loops import IterBasedTrainLoop as IterBasedTrainLoop
from ._loops import TestLoop as TestLoop
from ._loops import ValLoop as ValLoop
from ._priority import Priority as Priority
from ._priority import get_priority as get_priority
from ._runner import Runner as Runner
from ._seed import set_random_seed as set_random_seed
from ._stop import StopRequest as StopRequest
from ._stop import TrainingInterrupted as TrainingInterrupted
from ._strategies import DDPStrategy as DDPStrategy
from ._strategies import SingleDeviceStrategy as SingleDeviceStrategy
from ._strategies import Strategy as Strategy

__all__ = [
    "BaseLoop",
    "CheckpointError",
    "DDPStrategy",
    "EpochBasedTrainLoop",
    "IterBasedTrainLoop",
    "LogProcessor",
    "Priority",
    "Runner",
    "SingleDeviceStrategy",
    "StopRequest",
    "Strategy",
    "TestLoop",
    "TrainingInterrupted",
    "ValLoop",
    "find_latest_checkpoint",
    "get_priority",
    "load_checkpoint",
    "load_state_dict",
    "read_checkpoint",
    "save_checkpoint",
    "set_random_seed",
]
