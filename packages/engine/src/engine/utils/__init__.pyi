from ._deprecation import deprecated_api_warning as deprecated_api_warning
from ._deprecation import deprecated_function as deprecated_function
from ._is_plain import is_plain as is_plain
from ._is_plain import mutable_copy as mutable_copy
from ._manager import ManagerMixin as ManagerMixin
from ._methods import has_method as has_method
from ._methods import is_method_overridden as is_method_overridden
from ._package import check_prerequisites as check_prerequisites
from ._package import get_installed_path as get_installed_path
from ._package import get_object_from_string as get_object_from_string
from ._package import import_modules_from_strings as import_modules_from_strings
from ._package import is_installed as is_installed
from ._package import requires_executable as requires_executable
from ._package import requires_package as requires_package
from ._path import check_file_exist as check_file_exist
from ._path import fopen as fopen
from ._path import is_abs as is_abs
from ._path import is_filepath as is_filepath
from ._path import mkdir_or_exist as mkdir_or_exist
from ._path import scandir as scandir
from ._path import symlink as symlink
from ._path import walk as walk
from ._same import same_value as same_value
from ._score import improvement as improvement
from ._sequence import apply_to as apply_to
from ._sequence import concat_list as concat_list
from ._sequence import is_list_of as is_list_of
from ._sequence import is_seq_of as is_seq_of
from ._sequence import is_str as is_str
from ._sequence import is_tuple_of as is_tuple_of
from ._sequence import iter_cast as iter_cast
from ._sequence import list_cast as list_cast
from ._sequence import slice_list as slice_list
from ._sequence import to_1tuple as to_1tuple
from ._sequence import to_2tuple as to_2tuple
from ._sequence import to_3tuple as to_3tuple
from ._sequence import to_4tuple as to_4tuple
from ._sequence import to_ntuple as to_ntuple
from ._sequence import tuple_cast as tuple_cast
from ._suggest import did_you_mean as did_you_mean
from ._suggest import near as near
from ._text import decoded as decoded
from ._timer import Timer as Timer
from ._timer import TimerError as TimerError
from ._timer import check_time as check_time
from ._url import is_url as is_url
from ._versions import digit_version as digit_version
from ._versions import get_git_hash as get_git_hash
from .progressbar import ProgressBar as ProgressBar
from .progressbar import track_iter_progress as track_iter_progress
from .progressbar import track_parallel_progress as track_parallel_progress
from .progressbar import track_progress as track_progress
from .progressbar import track_progress_rich as track_progress_rich

__all__ = [
    "ManagerMixin",
    "ProgressBar",
    "Timer",
    "TimerError",
    "apply_to",
    "check_file_exist",
    "check_prerequisites",
    "check_time",
    "concat_list",
    "decoded",
    "deprecated_api_warning",
    "deprecated_function",
    "did_you_mean",
    "digit_version",
    "fopen",
    "get_git_hash",
    "get_installed_path",
    "get_object_from_string",
    "has_method",
    "import_modules_from_strings",
    "improvement",
    "is_abs",
    "is_filepath",
    "is_installed",
    "is_list_of",
    "is_method_overridden",
    "is_plain",
    "is_seq_of",
    "is_str",
    "is_tuple_of",
    "is_url",
    "iter_cast",
    "list_cast",
    "mkdir_or_exist",
    "mutable_copy",
    "near",
    "requires_executable",
    "requires_package",
    "same_value",
    "scandir",
    "slice_list",
    "symlink",
    "to_1tuple",
    "to_2tuple",
    "to_3tuple",
    "to_4tuple",
    "to_ntuple",
    "track_iter_progress",
    "track_parallel_progress",
    "track_progress",
    "track_progress_rich",
    "tuple_cast",
    "walk",
]
