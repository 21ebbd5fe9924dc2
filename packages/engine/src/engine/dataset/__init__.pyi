from ._base import BaseDataset as BaseDataset
from ._collate import COLLATE_FUNCTIONS as COLLATE_FUNCTIONS
from ._collate import default_collate as default_collate
from ._collate import pseudo_collate as pseudo_collate
from ._compose import Compose as Compose
from ._extent import Extent as Extent
from ._feed import Feed as Feed
from ._feed import feed_of as feed_of
from ._full_init import force_full_init as force_full_init
from ._samplers import DefaultSampler as DefaultSampler
from ._samplers import InfiniteSampler as InfiniteSampler
from ._workers import worker_init_fn as worker_init_fn
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
    "Feed",
    "InfiniteSampler",
    "RepeatDataset",
    "default_collate",
    "feed_of",
    "force_full_init",
    "pseudo_collate",
    "worker_init_fn",
]
