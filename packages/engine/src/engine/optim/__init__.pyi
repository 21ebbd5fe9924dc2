from ._names import OPTIM_WRAPPER_CONSTRUCTORS as OPTIM_WRAPPER_CONSTRUCTORS
from ._names import OPTIMIZERS as OPTIMIZERS
from .optimizer._amp_wrapper import AmpOptimWrapper as AmpOptimWrapper
from .optimizer._base_wrapper import BaseOptimWrapper as BaseOptimWrapper
from .optimizer._constructor import DefaultOptimWrapperConstructor as DefaultOptimWrapperConstructor
from .optimizer._constructor import build_optim_wrapper as build_optim_wrapper
from .optimizer._torch import TORCH_OPTIMIZERS as TORCH_OPTIMIZERS
from .optimizer._wrapper import OptimWrapper as OptimWrapper
from .optimizer._wrapper_dict import OptimWrapperDict as OptimWrapperDict
from .optimizer._zero import ZeroRedundancyOptimizer as ZeroRedundancyOptimizer
from .scheduler import ConstantLR as ConstantLR
from .scheduler import ConstantMomentum as ConstantMomentum
from .scheduler import ConstantParamScheduler as ConstantParamScheduler
from .scheduler import CosineAnnealingLR as CosineAnnealingLR
from .scheduler import CosineAnnealingMomentum as CosineAnnealingMomentum
from .scheduler import CosineAnnealingParamScheduler as CosineAnnealingParamScheduler
from .scheduler import CosineRestartLR as CosineRestartLR
from .scheduler import CosineRestartMomentum as CosineRestartMomentum
from .scheduler import CosineRestartParamScheduler as CosineRestartParamScheduler
from .scheduler import ExponentialLR as ExponentialLR
from .scheduler import ExponentialMomentum as ExponentialMomentum
from .scheduler import ExponentialParamScheduler as ExponentialParamScheduler
from .scheduler import LinearLR as LinearLR
from .scheduler import LinearMomentum as LinearMomentum
from .scheduler import LinearParamScheduler as LinearParamScheduler
from .scheduler import LRSchedulerMixin as LRSchedulerMixin
from .scheduler import MomentumSchedulerMixin as MomentumSchedulerMixin
from .scheduler import MultiStepLR as MultiStepLR
from .scheduler import MultiStepMomentum as MultiStepMomentum
from .scheduler import MultiStepParamScheduler as MultiStepParamScheduler
from .scheduler import OneCycleLR as OneCycleLR
from .scheduler import OneCycleParamScheduler as OneCycleParamScheduler
from .scheduler import PolyLR as PolyLR
from .scheduler import PolyMomentum as PolyMomentum
from .scheduler import PolyParamScheduler as PolyParamScheduler
from .scheduler import ReduceOnPlateauLR as ReduceOnPlateauLR
from .scheduler import ReduceOnPlateauMomentum as ReduceOnPlateauMomentum
from .scheduler import ReduceOnPlateauParamScheduler as ReduceOnPlateauParamScheduler
from .scheduler import StepLR as StepLR
from .scheduler import StepMomentum as StepMomentum
from .scheduler import StepParamScheduler as StepParamScheduler
from .scheduler import _ParamScheduler as _ParamScheduler

__all__ = [
    "OPTIMIZERS",
    "OPTIM_WRAPPER_CONSTRUCTORS",
    "TORCH_OPTIMIZERS",
    "AmpOptimWrapper",
    "BaseOptimWrapper",
    "ConstantLR",
    "ConstantMomentum",
    "ConstantParamScheduler",
    "CosineAnnealingLR",
    "CosineAnnealingMomentum",
    "CosineAnnealingParamScheduler",
    "CosineRestartLR",
    "CosineRestartMomentum",
    "CosineRestartParamScheduler",
    "DefaultOptimWrapperConstructor",
    "ExponentialLR",
    "ExponentialMomentum",
    "ExponentialParamScheduler",
    "LRSchedulerMixin",
    "LinearLR",
    "LinearMomentum",
    "LinearParamScheduler",
    "MomentumSchedulerMixin",
    "MultiStepLR",
    "MultiStepMomentum",
    "MultiStepParamScheduler",
    "OneCycleLR",
    "OneCycleParamScheduler",
    "OptimWrapper",
    "OptimWrapperDict",
    "PolyLR",
    "PolyMomentum",
    "PolyParamScheduler",
    "ReduceOnPlateauLR",
    "ReduceOnPlateauMomentum",
    "ReduceOnPlateauParamScheduler",
    "StepLR",
    "StepMomentum",
    "StepParamScheduler",
    "ZeroRedundancyOptimizer",
    "_ParamScheduler",
    "build_optim_wrapper",
]
