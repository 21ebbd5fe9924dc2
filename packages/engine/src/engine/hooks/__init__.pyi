from ._checkpoint import CheckpointHook as CheckpointHook
from ._curves import CurvesHook as CurvesHook
from ._hook import POINTS as POINTS
from ._hook import Hook as Hook
from ._logger import LoggerHook as LoggerHook
from ._param_scheduler import ParamSchedulerHook as ParamSchedulerHook
from ._progress import ProgressHook as ProgressHook
from ._runtime_info import RuntimeInfoHook as RuntimeInfoHook
from ._sampler_seed import DistSamplerSeedHook as DistSamplerSeedHook
from ._timer import IterTimerHook as IterTimerHook

__all__ = [
    "POINTS",
    "CheckpointHook",
    "CurvesHook",
    "DistSamplerSeedHook",
    "Hook",
    "IterTimerHook",
    "LoggerHook",
    "ParamSchedulerHook",
    "ProgressHook",
    "RuntimeInfoHook",
]
