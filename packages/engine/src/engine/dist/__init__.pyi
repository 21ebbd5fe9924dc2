from ._collectives import all_gather as all_gather
from ._collectives import all_reduce as all_reduce
from ._collectives import all_reduce_dict as all_reduce_dict
from ._collectives import all_reduce_params as all_reduce_params
from ._collectives import barrier as barrier
from ._collectives import broadcast as broadcast
from ._collectives import gather as gather
from ._collectives import sync_random_seed as sync_random_seed
from ._data import cast_data_device as cast_data_device
from ._data import get_data_device as get_data_device
from ._groups import get_default_group as get_default_group
from ._groups import get_local_group as get_local_group
from ._groups import get_local_size as get_local_size
from ._groups import get_results_group as get_results_group
from ._groups import init_local_group as init_local_group
from ._launch import infer_launcher as infer_launcher
from ._launch import init_dist as init_dist
from ._lost import ProcessLostError as ProcessLostError
from ._lost import name_lost_processes as name_lost_processes
from ._objects import all_gather_object as all_gather_object
from ._objects import broadcast_object_list as broadcast_object_list
from ._objects import collect_results as collect_results
from ._objects import collect_results_cpu as collect_results_cpu
from ._objects import collect_results_gpu as collect_results_gpu
from ._objects import gather_object as gather_object
from ._process import get_backend as get_backend
from ._process import get_comm_device as get_comm_device
from ._process import get_dist_info as get_dist_info
from ._process import get_local_rank as get_local_rank
from ._process import get_rank as get_rank
from ._process import get_world_size as get_world_size
from ._process import is_distributed as is_distributed
from ._process import is_main_process as is_main_process
from ._process import master_only as master_only

__all__ = [
    "ProcessLostError",
    "all_gather",
    "all_gather_object",
    "all_reduce",
    "all_reduce_dict",
    "all_reduce_params",
    "barrier",
    "broadcast",
    "broadcast_object_list",
    "cast_data_device",
    "collect_results",
    "collect_results_cpu",
    "collect_results_gpu",
    "gather",
    "gather_object",
    "get_backend",
    "get_comm_device",
    "get_data_device",
    "get_default_group",
    "get_dist_info",
    "get_local_group",
    "get_local_rank",
    "get_local_size",
    "get_rank",
    "get_results_group",
    "get_world_size",
    "infer_launcher",
    "init_dist",
    "init_local_group",
    "is_distributed",
    "is_main_process",
    "name_lost_processes",
    "master_only",
    "sync_random_seed",
]
