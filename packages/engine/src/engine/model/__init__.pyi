from ._base_model import BaseModel as BaseModel
from ._base_module import BaseModule as BaseModule
from ._base_module import ModuleDict as ModuleDict
from ._base_module import ModuleList as ModuleList
from ._base_module import Sequential as Sequential
from ._layers import MODELS as MODELS
from ._layers import RReLU as RReLU
from ._preprocess import BaseDataPreprocessor as BaseDataPreprocessor
from ._preprocess import ImgDataPreprocessor as ImgDataPreprocessor
from ._preprocess import stack_batch as stack_batch
from ._task import Task as Task
from ._weight_init import BaseInit as BaseInit
from ._weight_init import ConstantInit as ConstantInit
from ._weight_init import KaimingInit as KaimingInit
from ._weight_init import NormalInit as NormalInit
from ._weight_init import TruncNormalInit as TruncNormalInit
from ._weight_init import UniformInit as UniformInit
from ._weight_init import XavierInit as XavierInit
from ._weight_init import initialize as initialize
from ._wrappers import MMDistributedDataParallel as MMDistributedDataParallel
from ._wrappers import is_model_wrapper as is_model_wrapper
from ._wrappers import unwrapped as unwrapped

__all__ = [
    "MODELS",
    "BaseDataPreprocessor",
    "BaseInit",
    "BaseModel",
    "BaseModule",
    "ConstantInit",
    "ImgDataPreprocessor",
    "KaimingInit",
    "MMDistributedDataParallel",
    "ModuleDict",
    "ModuleList",
    "NormalInit",
    "RReLU",
    "Sequential",
    "Task",
    "TruncNormalInit",
    "UniformInit",
    "XavierInit",
    "initialize",
    "is_model_wrapper",
    "stack_batch",
    "unwrapped",
]
