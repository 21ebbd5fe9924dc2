from ._base import BaseDataset as BaseDataset
from ._collate import COLLATE_FUNCTIONS as COLLATE_FUNCTIONS
from ._collate import default_collate as default_collate
from ._collate import pseudo_collate as pseudo_collate
from ._compose import Compose as Compose
from ._extent import Extent as Extent
from ._full_init import force_full_init as force_full_init
from ._resumable_loader import ResumableLoader as ResumableLoader
from ._resumable_loader import make_resumable as make_resumable
from ._samplers import DefaultSampler as DefaultSampler
from ._samplers import InfiniteSampler as InfiniteSampler
from ._worker_init import worker_init_fn as worker_init_fn
from ._wrappers import ClassBalancedDataset as ClassBalancedDataset
from ._wrappers import ConcatDataset as ConcatDataset
from ._wrappers import RepeatDataset as RepeatDataset

__all__ = [
    "COLLATE_FUNCTIONS",
    "BaseDataset",
    "ClassBalancedDataset",
    "Compose",
    "ConcatDataset",
    "DefaultSampler",
    "Extent",
    "InfiniteSampler",
    "RepeatDataset",
    "ResumableLoader",
    "default_collate",
    "force_full_init",
    "make_resumable",
    "pseudo_collate",
    "worker_init_fn",
]
