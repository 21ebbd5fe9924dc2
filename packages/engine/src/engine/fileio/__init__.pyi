from ._atomic import atomic_write as atomic_write
from ._atomic import remove_abandoned as remove_abandoned
from ._backend import BaseStorageBackend as BaseStorageBackend
from ._backend_registry import get_file_backend as get_file_backend
from ._backend_registry import register_backend as register_backend
from ._copy import copy_if_symlink_fails as copy_if_symlink_fails
from ._copy import copyfile as copyfile
from ._copy import copyfile_from_local as copyfile_from_local
from ._copy import copyfile_to_local as copyfile_to_local
from ._copy import copytree as copytree
from ._copy import copytree_from_local as copytree_from_local
from ._copy import copytree_to_local as copytree_to_local
from ._load_dump import dump as dump
from ._load_dump import load as load
from ._fsspec import FsspecBackend as FsspecBackend
from ._handlers import BaseFileHandler as BaseFileHandler
from ._handlers import JsonHandler as JsonHandler
from ._handlers import PickleHandler as PickleHandler
from ._handlers import YamlHandler as YamlHandler
from ._handlers import register_handler as register_handler
from ._http import HTTPBackend as HTTPBackend
from ._io import exists as exists
from ._io import generate_presigned_url as generate_presigned_url
from ._io import get as get
from ._io import get_local_path as get_local_path
from ._io import get_text as get_text
from ._io import isdir as isdir
from ._io import isfile as isfile
from ._io import join_path as join_path
from ._io import list_dir_or_file as list_dir_or_file
from ._io import put as put
from ._io import put_text as put_text
from ._io import remove as remove
from ._io import rmtree as rmtree
from ._lmdb import LmdbBackend as LmdbBackend
from ._local import LocalBackend as LocalBackend
from ._parse import dict_from_file as dict_from_file
from ._parse import list_from_file as list_from_file

__all__ = [
    "BaseFileHandler",
    "BaseStorageBackend",
    "FsspecBackend",
    "HTTPBackend",
    "JsonHandler",
    "LmdbBackend",
    "LocalBackend",
    "PickleHandler",
    "YamlHandler",
    "atomic_write",
    "copy_if_symlink_fails",
    "copyfile",
    "copyfile_from_local",
    "copyfile_to_local",
    "copytree",
    "copytree_from_local",
    "copytree_to_local",
    "dict_from_file",
    "dump",
    "exists",
    "generate_presigned_url",
    "get",
    "get_file_backend",
    "get_local_path",
    "get_text",
    "isdir",
    "isfile",
    "join_path",
    "list_dir_or_file",
    "list_from_file",
    "load",
    "put",
    "put_text",
    "register_backend",
    "register_handler",
    "remove",
    "remove_abandoned",
    "rmtree",
]
