from ._build import build_from_cfg as build_from_cfg
from ._build import build_model_from_cfg as build_model_from_cfg
from ._build import build_optimizer_from_cfg as build_optimizer_from_cfg
from ._build import build_runner_from_cfg as build_runner_from_cfg
from ._build import build_scheduler_from_cfg as build_scheduler_from_cfg
from ._census import count_registered_modules as count_registered_modules
from ._census import traverse_registry_tree as traverse_registry_tree
from ._components import BACKBONE_REGISTRY as BACKBONE_REGISTRY
from ._components import DECODER_REGISTRY as DECODER_REGISTRY
from ._components import MODEL_FACTORY_REGISTRY as MODEL_FACTORY_REGISTRY
from ._components import NECK_REGISTRY as NECK_REGISTRY
from ._discovery import announced_scopes as announced_scopes
from ._discovery import import_announced as import_announced
from ._discovery import name_scope as name_scope
from ._errors import BuildError as BuildError
from ._errors import BuildKeyError as BuildKeyError
from ._errors import BuildTypeError as BuildTypeError
from ._errors import DuplicateNameError as DuplicateNameError
from ._errors import NotRegisteredError as NotRegisteredError
from ._errors import RegistryError as RegistryError
from ._errors import ScopeImportError as ScopeImportError
from ._errors import ScopeNotInstalledError as ScopeNotInstalledError
from ._errors import UntrustedError as UntrustedError
from ._explain import Explanation as Explanation
from ._explain import Searched as Searched
from ._explain import Winner as Winner
from ._functions import ConcatRegistry as ConcatRegistry
from ._functions import ExternalRegistry as ExternalRegistry
from ._functions import FlashRegistry as FlashRegistry
from ._functions import FunctionRegistry as FunctionRegistry
from ._functions import Provider as Provider
from ._multi_source import MultiSourceRegistry as MultiSourceRegistry
from ._ready import SMP_DECODER_REGISTRY as SMP_DECODER_REGISTRY
from ._ready import TIMM_MODEL_REGISTRY as TIMM_MODEL_REGISTRY
from ._ready import TORCHMETRICS_REGISTRY as TORCHMETRICS_REGISTRY
from ._ready import TORCHVISION_MODEL_REGISTRY as TORCHVISION_MODEL_REGISTRY
from ._ready import TORCHVISION_TRANSFORM_REGISTRY as TORCHVISION_TRANSFORM_REGISTRY
from ._ready import TRANSFORMERS_BACKBONE_REGISTRY as TRANSFORMERS_BACKBONE_REGISTRY
from ._registry import Registry as Registry
from ._roots import DATA_SAMPLERS as DATA_SAMPLERS
from ._roots import DATASETS as DATASETS
from ._roots import EVALUATOR as EVALUATOR
from ._roots import FUNCTIONS as FUNCTIONS
from ._roots import HOOKS as HOOKS
from ._roots import INFERENCERS as INFERENCERS
from ._roots import LOG_PROCESSORS as LOG_PROCESSORS
from ._roots import LOOPS as LOOPS
from ._roots import METRICS as METRICS
from ._roots import MODEL_WRAPPERS as MODEL_WRAPPERS
from ._roots import MODELS as MODELS
from ._roots import OPTIM_WRAPPER as OPTIM_WRAPPER
from ._roots import OPTIM_WRAPPER_CONSTRUCTORS as OPTIM_WRAPPER_CONSTRUCTORS
from ._roots import OPTIM_WRAPPERS as OPTIM_WRAPPERS
from ._roots import OPTIMIZERS as OPTIMIZERS
from ._roots import PARAM_SCHEDULERS as PARAM_SCHEDULERS
from ._roots import RUNNER_CONSTRUCTORS as RUNNER_CONSTRUCTORS
from ._roots import RUNNERS as RUNNERS
from ._roots import STRATEGIES as STRATEGIES
from ._roots import TASK_UTILS as TASK_UTILS
from ._roots import TRANSFORMS as TRANSFORMS
from ._roots import VISBACKENDS as VISBACKENDS
from ._roots import VISUALIZERS as VISUALIZERS
from ._roots import WEIGHT_INITIALIZERS as WEIGHT_INITIALIZERS
from ._scope import DefaultScope as DefaultScope
from ._scope import add_scope_alias as add_scope_alias
from ._scope import init_default_scope as init_default_scope
from ._scope import use_default_scope as use_default_scope
from ._source import PackageSource as PackageSource
from ._source_protocol import Source as Source
from ._trust import allow as allow
from ._trust import disallow as disallow
from ._trust import from_data as from_data
from ._trust import is_building_from_data as is_building_from_data
from ._trust import path_of as path_of
from ._trust import trust_of as trust_of
from .restrictions import Restriction as Restriction
from .restrictions import check_options as check_options
from .restrictions import needs_trust as needs_trust
from .restrictions import refused_options as refused_options

__all__ = [
    "BACKBONE_REGISTRY",
    "DATASETS",
    "DATA_SAMPLERS",
    "DECODER_REGISTRY",
    "EVALUATOR",
    "FUNCTIONS",
    "HOOKS",
    "INFERENCERS",
    "LOG_PROCESSORS",
    "LOOPS",
    "METRICS",
    "MODELS",
    "MODEL_FACTORY_REGISTRY",
    "MODEL_WRAPPERS",
    "NECK_REGISTRY",
    "OPTIMIZERS",
    "OPTIM_WRAPPER",
    "OPTIM_WRAPPERS",
    "OPTIM_WRAPPER_CONSTRUCTORS",
    "PARAM_SCHEDULERS",
    "RUNNERS",
    "RUNNER_CONSTRUCTORS",
    "SMP_DECODER_REGISTRY",
    "STRATEGIES",
    "TASK_UTILS",
    "TIMM_MODEL_REGISTRY",
    "TORCHMETRICS_REGISTRY",
    "TORCHVISION_MODEL_REGISTRY",
    "TORCHVISION_TRANSFORM_REGISTRY",
    "TRANSFORMERS_BACKBONE_REGISTRY",
    "TRANSFORMS",
    "VISBACKENDS",
    "VISUALIZERS",
    "WEIGHT_INITIALIZERS",
    "BuildError",
    "BuildKeyError",
    "BuildTypeError",
    "ConcatRegistry",
    "DefaultScope",
    "DuplicateNameError",
    "Explanation",
    "ExternalRegistry",
    "FlashRegistry",
    "FunctionRegistry",
    "MultiSourceRegistry",
    "NotRegisteredError",
    "PackageSource",
    "Provider",
    "Registry",
    "RegistryError",
    "Restriction",
    "ScopeImportError",
    "ScopeNotInstalledError",
    "Searched",
    "Source",
    "UntrustedError",
    "Winner",
    "add_scope_alias",
    "allow",
    "announced_scopes",
    "build_from_cfg",
    "build_model_from_cfg",
    "build_optimizer_from_cfg",
    "build_runner_from_cfg",
    "build_scheduler_from_cfg",
    "check_options",
    "count_registered_modules",
    "disallow",
    "from_data",
    "import_announced",
    "init_default_scope",
    "is_building_from_data",
    "name_scope",
    "needs_trust",
    "path_of",
    "refused_options",
    "traverse_registry_tree",
    "trust_of",
    "use_default_scope",
]
