from ._base import BaseDataset as BaseDataset
from ._base import force_full_init as force_full_init
from ._collate import default_collate as default_collate
from ._collate import pseudo_collate as pseudo_collate
from ._compose import Compose as Compose
from ._feed import Feed as Feed
from ._feed import feed_of as feed_of
from ._samplers import DefaultSampler as DefaultSampler
from ._samplers import InfiniteSampler as InfiniteSampler
from ._workers import worker_init_fn as worker_init_fn

__all__ = [
    "BaseDataset",
    "Compose",
    "DefaultSampler",
    "Feed",
    "InfiniteSampler",
    "default_collate",
    "feed_of",
    "force_full_init",
    "pseudo_collate",
    "worker_init_fn",
]
