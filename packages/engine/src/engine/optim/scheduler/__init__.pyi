from ._base import _ParamScheduler as _ParamScheduler
from ._curves import CosineAnnealingParamScheduler as CosineAnnealingParamScheduler
from ._curves import CosineRestartParamScheduler as CosineRestartParamScheduler
from ._curves import OneCycleParamScheduler as OneCycleParamScheduler
from ._curves import PolyParamScheduler as PolyParamScheduler
from ._plateau import ReduceOnPlateauParamScheduler as ReduceOnPlateauParamScheduler
from ._steps import ConstantParamScheduler as ConstantParamScheduler
from ._steps import ExponentialParamScheduler as ExponentialParamScheduler
from ._steps import LinearParamScheduler as LinearParamScheduler
from ._steps import MultiStepParamScheduler as MultiStepParamScheduler
from ._steps import StepParamScheduler as StepParamScheduler
from .lr_scheduler import ConstantLR as ConstantLR
from .lr_scheduler import CosineAnnealingLR as CosineAnnealingLR
from .lr_scheduler import CosineRestartLR as CosineRestartLR
from .lr_scheduler import ExponentialLR as ExponentialLR
from .lr_scheduler import LinearLR as LinearLR
from .lr_scheduler import LRSchedulerMixin as LRSchedulerMixin
from .lr_scheduler import MultiStepLR as MultiStepLR
from .lr_scheduler import OneCycleLR as OneCycleLR
from .lr_scheduler import PolyLR as PolyLR
from .lr_scheduler import ReduceOnPlateauLR as ReduceOnPlateauLR
from .lr_scheduler import StepLR as StepLR
from .momentum_scheduler import ConstantMomentum as ConstantMomentum
from .momentum_scheduler import CosineAnnealingMomentum as CosineAnnealingMomentum
from .momentum_scheduler import CosineRestartMomentum as CosineRestartMomentum
from .momentum_scheduler import ExponentialMomentum as ExponentialMomentum
from .momentum_scheduler import LinearMomentum as LinearMomentum
from .momentum_scheduler import MomentumSchedulerMixin as MomentumSchedulerMixin
from .momentum_scheduler import MultiStepMomentum as MultiStepMomentum
from .momentum_scheduler import PolyMomentum as PolyMomentum
from .momentum_scheduler import ReduceOnPlateauMomentum as ReduceOnPlateauMomentum
from .momentum_scheduler import StepMomentum as StepMomentum

__all__ = [
    "ConstantLR",
    "ConstantMomentum",
    "ConstantParamScheduler",
    "CosineAnnealingLR",
    "CosineAnnealingMomentum",
    "CosineAnnealingParamScheduler",
    "CosineRestartLR",
    "CosineRestartMomentum",
    "CosineRestartParamScheduler",
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
    "PolyLR",
    "PolyMomentum",
    "PolyParamScheduler",
    "ReduceOnPlateauLR",
    "ReduceOnPlateauMomentum",
    "ReduceOnPlateauParamScheduler",
    "StepLR",
    "StepMomentum",
    "StepParamScheduler",
    "_ParamScheduler",
]
