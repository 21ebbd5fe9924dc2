from ._collectives import all_gather as all_gather
from ._collectives import all_gather_object as all_gather_object
from ._collectives import all_reduce as all_reduce
from ._collectives import barrier as barrier
from ._collectives import broadcast as broadcast
from ._collectives import broadcast_object_list as broadcast_object_list
from ._collectives import collect_results as collect_results
from ._collectives import sync_random_seed as sync_random_seed
from ._process import get_dist_info as get_dist_info
from ._process import get_local_rank as get_local_rank
from ._process import get_rank as get_rank
from ._process import get_world_size as get_world_size
from ._process import init_dist as init_dist
from ._process import is_distributed as is_distributed
from ._process import is_main_process as is_main_process
from ._process import master_only as master_only

__all__ = [
    "all_gather",
    "all_gather_object",
    "all_reduce",
    "barrier",
    "broadcast",
    "broadcast_object_list",
    "collect_results",
    "get_dist_info",
    "get_local_rank",
    "get_rank",
    "get_world_size",
    "init_dist",
    "is_distributed",
    "is_main_process",
    "master_only",
    "sync_random_seed",
]
