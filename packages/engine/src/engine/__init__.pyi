from ._version import __version__ as __version__
from .config import Config as Config
from .config import ConfigDict as ConfigDict
from .config import DictAction as DictAction
from .registry import DATA_SAMPLERS as DATA_SAMPLERS
from .registry import DATASETS as DATASETS
from .registry import EVALUATOR as EVALUATOR
from .registry import FUNCTIONS as FUNCTIONS
from .registry import HOOKS as HOOKS
from .registry import INFERENCERS as INFERENCERS
from .registry import LOG_PROCESSORS as LOG_PROCESSORS
from .registry import LOOPS as LOOPS
from .registry import METRICS as METRICS
from .registry import MODEL_WRAPPERS as MODEL_WRAPPERS
from .registry import MODELS as MODELS
from .registry import OPTIM_WRAPPER as OPTIM_WRAPPER
from .registry import OPTIM_WRAPPER_CONSTRUCTORS as OPTIM_WRAPPER_CONSTRUCTORS
from .registry import OPTIM_WRAPPERS as OPTIM_WRAPPERS
from .registry import OPTIMIZERS as OPTIMIZERS
from .registry import PARAM_SCHEDULERS as PARAM_SCHEDULERS
from .registry import RUNNER_CONSTRUCTORS as RUNNER_CONSTRUCTORS
from .registry import RUNNERS as RUNNERS
from .registry import STRATEGIES as STRATEGIES
from .registry import TASK_UTILS as TASK_UTILS
from .registry import TRANSFORMS as TRANSFORMS
from .registry import VISBACKENDS as VISBACKENDS
from .registry import VISUALIZERS as VISUALIZERS
from .registry import WEIGHT_INITIALIZERS as WEIGHT_INITIALIZERS
from .registry import BuildError as BuildError
from .registry import DefaultScope as DefaultScope
from .registry import NotRegisteredError as NotRegisteredError
from .registry import Registry as Registry
from .registry import build_from_cfg as build_from_cfg
from .registry import count_registered_modules as count_registered_modules
from .registry import init_default_scope as init_default_scope
from .runner import Runner as Runner

__all__ = [
    "DATASETS",
    "DATA_SAMPLERS",
    "EVALUATOR",
    "FUNCTIONS",
    "HOOKS",
    "INFERENCERS",
    "LOG_PROCESSORS",
    "LOOPS",
    "METRICS",
    "MODELS",
    "MODEL_WRAPPERS",
    "OPTIMIZERS",
    "OPTIM_WRAPPER",
    "OPTIM_WRAPPERS",
    "OPTIM_WRAPPER_CONSTRUCTORS",
    "PARAM_SCHEDULERS",
    "RUNNERS",
    "RUNNER_CONSTRUCTORS",
    "STRATEGIES",
    "TASK_UTILS",
    "TRANSFORMS",
    "VISBACKENDS",
    "VISUALIZERS",
    "WEIGHT_INITIALIZERS",
    "BuildError",
    "Config",
    "ConfigDict",
    "DefaultScope",
    "DictAction",
    "NotRegisteredError",
    "Registry",
    "Runner",
    "__version__",
    "build_from_cfg",
    "count_registered_modules",
    "init_default_scope",
]
