from ._activation_checkpointing import (
    turn_on_activation_checkpointing as turn_on_activation_checkpointing,
)
from ._averaged import BaseAveragedModel as BaseAveragedModel
from ._averaged import ExponentialMovingAverage as ExponentialMovingAverage
from ._averaged import MomentumAnnealingEMA as MomentumAnnealingEMA
from ._averaged import StochasticWeightAverage as StochasticWeightAverage
from ._backbone import build_backbone as build_backbone
from ._backbone import features_of as features_of
from ._base_model import BaseModel as BaseModel
from ._base_module import BaseModule as BaseModule
from ._base_module import ModuleDict as ModuleDict
from ._base_module import ModuleList as ModuleList
from ._base_module import Sequential as Sequential
from ._batchnorm import convert_sync_batchnorm as convert_sync_batchnorm
from ._batchnorm import revert_sync_batchnorm as revert_sync_batchnorm
from ._efficient_bn import turn_on_efficient_conv_bn_eval as turn_on_efficient_conv_bn_eval
from ._evaluation import evaluating as evaluating
from ._evaluation import keeping_random_state as keeping_random_state
from ._evaluation import random_state as random_state
from ._evaluation import restore_random_state as restore_random_state
from ._layers import MODELS as MODELS
from ._layers import RReLU as RReLU
from ._merge import merge_dict as merge_dict
from ._preprocess import BaseDataPreprocessor as BaseDataPreprocessor
from ._preprocess import ImgDataPreprocessor as ImgDataPreprocessor
from ._preprocess import stack_batch as stack_batch
from ._pretrained import PretrainedInit as PretrainedInit
from ._separate_ddp import MMSeparateDistributedDataParallel as MMSeparateDistributedDataParallel
from ._state_dict import get_state_dict as get_state_dict
from ._state_dict import load_state_dict as load_state_dict
from ._state_dict import weights_to_cpu as weights_to_cpu
from ._task import Task as Task
from ._tta import BaseTTAModel as BaseTTAModel
from ._unused_parameters import detect_anomalous_params as detect_anomalous_params
from ._unwrap import is_model_wrapper as is_model_wrapper
from ._unwrap import unwrap as unwrap
from ._weight_init import BaseInit as BaseInit
from ._weight_init import Caffe2XavierInit as Caffe2XavierInit
from ._weight_init import ConstantInit as ConstantInit
from ._weight_init import KaimingInit as KaimingInit
from ._weight_init import NormalInit as NormalInit
from ._weight_init import TruncNormalInit as TruncNormalInit
from ._weight_init import UniformInit as UniformInit
from ._weight_init import XavierInit as XavierInit
from ._weight_init import bias_init_with_prob as bias_init_with_prob
from ._weight_init import caffe2_xavier_init as caffe2_xavier_init
from ._weight_init import constant_init as constant_init
from ._weight_init import initialize as initialize
from ._weight_init import kaiming_init as kaiming_init
from ._weight_init import normal_init as normal_init
from ._weight_init import trunc_normal_init as trunc_normal_init
from ._weight_init import uniform_init as uniform_init
from ._weight_init import update_init_info as update_init_info
from ._weight_init import xavier_init as xavier_init
from ._wrappers import MMDistributedDataParallel as MMDistributedDataParallel

__all__ = [
    "MODELS",
    "BaseAveragedModel",
    "BaseDataPreprocessor",
    "BaseInit",
    "BaseModel",
    "BaseModule",
    "BaseTTAModel",
    "Caffe2XavierInit",
    "ConstantInit",
    "ExponentialMovingAverage",
    "ImgDataPreprocessor",
    "KaimingInit",
    "MMDistributedDataParallel",
    "MMSeparateDistributedDataParallel",
    "ModuleDict",
    "ModuleList",
    "MomentumAnnealingEMA",
    "NormalInit",
    "PretrainedInit",
    "RReLU",
    "Sequential",
    "StochasticWeightAverage",
    "Task",
    "TruncNormalInit",
    "UniformInit",
    "XavierInit",
    "bias_init_with_prob",
    "build_backbone",
    "caffe2_xavier_init",
    "constant_init",
    "convert_sync_batchnorm",
    "detect_anomalous_params",
    "evaluating",
    "features_of",
    "get_state_dict",
    "initialize",
    "is_model_wrapper",
    "kaiming_init",
    "keeping_random_state",
    "load_state_dict",
    "merge_dict",
    "normal_init",
    "random_state",
    "restore_random_state",
    "revert_sync_batchnorm",
    "stack_batch",
    "trunc_normal_init",
    "turn_on_activation_checkpointing",
    "turn_on_efficient_conv_bn_eval",
    "uniform_init",
    "unwrap",
    "update_init_info",
    "weights_to_cpu",
    "xavier_init",
]
