from ._checkpoint import CheckpointHook as CheckpointHook
from ._curves import CurvesHook as CurvesHook
from ._early_stopping import EarlyStoppingHook as EarlyStoppingHook
from ._ema import EMAHook as EMAHook
from ._empty_cache import EmptyCacheHook as EmptyCacheHook
from ._hook import POINTS as POINTS
from ._hook import Hook as Hook
from ._logger import LoggerHook as LoggerHook
from ._naive_visualization import NaiveVisualizationHook as NaiveVisualizationHook
from ._param_scheduler import ParamSchedulerHook as ParamSchedulerHook
from ._prepare_tta import PrepareTTAHook as PrepareTTAHook
from ._prepare_tta import build_runner_with_tta as build_runner_with_tta
from ._profiler import ProfilerHook as ProfilerHook
from ._progress import ProgressHook as ProgressHook
from ._runner_like import RunnerLike as RunnerLike
from ._runtime_info import RuntimeInfoHook as RuntimeInfoHook
from ._sampler_seed import DistSamplerSeedHook as DistSamplerSeedHook
from ._sync_buffers import SyncBuffersHook as SyncBuffersHook
from ._timer import IterTimerHook as IterTimerHook

__all__ = [
    "POINTS",
    "CheckpointHook",
    "CurvesHook",
    "DistSamplerSeedHook",
    "EMAHook",
    "EarlyStoppingHook",
    "EmptyCacheHook",
    "Hook",
    "IterTimerHook",
    "LoggerHook",
    "NaiveVisualizationHook",
    "ParamSchedulerHook",
    "PrepareTTAHook",
    "ProfilerHook",
    "ProgressHook",
    "RunnerLike",
    "RuntimeInfoHook",
    "SyncBuffersHook",
    "build_runner_with_tta",
]
