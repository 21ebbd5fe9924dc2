"""Types that MMEngine has beside its classes, for annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy import typing as npt
from torch import Tensor

from engine.config import Config, ConfigDict
from engine.optim import BaseOptimWrapper, OptimWrapper, OptimWrapperDict
from engine.optim.scheduler import _ParamScheduler
from engine.structures import BaseDataElement
from engine.visualization import BaseVisBackend

T = TypeVar("T")

ConfigType = dict[str, Any] | Config | ConfigDict
ParamSchedulerType = list[_ParamScheduler] | dict[str, list[_ParamScheduler]]
OptimWrapperType = OptimWrapper | OptimWrapperDict
OptimizerType = BaseOptimWrapper | torch.optim.Optimizer
VisBackendsType = list[dict[str, Any] | BaseVisBackend] | dict[str, Any] | BaseVisBackend | None

DATA_BATCH = dict[str, Any] | tuple[Any, ...] | list[Any] | None
CastData = tuple[Any, ...] | dict[str, Any] | BaseDataElement | Tensor | list[Any] | bytes | str
EnhancedBatchInputs = list[Tensor | list[Tensor]]
EnhancedBatchDataSamples = list[list[BaseDataElement]]
MergedDataSamples = list[BaseDataElement]
SUFFIX_TYPE = Sequence[str] | str

InstanceList = list[BaseDataElement]
InputType = str | npt.NDArray[Any]
InputsType = InputType | Sequence[InputType]
ImgType = npt.NDArray[Any] | Sequence[npt.NDArray[Any]]
ResType = dict[str, Any] | BaseDataElement | list[BaseDataElement]
ModelType = dict[str, Any] | ConfigDict | str

BoolTypeTensor = LongTypeTensor = Tensor  # of bool, and of int64
IndexType = str | slice | int | list[Any] | Tensor | npt.NDArray[np.integer[Any]]
