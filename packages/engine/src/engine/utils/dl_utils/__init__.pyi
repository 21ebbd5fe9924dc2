from ._collect_env import collect_env as collect_env
from ._processes import set_multi_processing as set_multi_processing
from ._time_counter import TimeCounter as TimeCounter
from ._torch import has_batch_norm as has_batch_norm
from ._torch import is_jit_tracing as is_jit_tracing
from ._torch import is_norm as is_norm
from ._torch import load_url as load_url
from ._torch import mmcv_full_available as mmcv_full_available
from ._torch import tensor2imgs as tensor2imgs
from ._torch import torch_meshgrid as torch_meshgrid
from .parrots_wrapper import TORCH_VERSION as TORCH_VERSION

__all__ = [
    "TORCH_VERSION",
    "TimeCounter",
    "collect_env",
    "has_batch_norm",
    "is_jit_tracing",
    "is_norm",
    "load_url",
    "mmcv_full_available",
    "set_multi_processing",
    "tensor2imgs",
    "torch_meshgrid",
]
