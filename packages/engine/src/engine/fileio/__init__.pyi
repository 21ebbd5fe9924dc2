from ._atomic import atomic_write as atomic_write
from ._handlers import dump as dump
from ._handlers import load as load
from ._io import exists as exists
from ._io import get as get
from ._io import get_text as get_text
from ._io import isdir as isdir
from ._io import isfile as isfile
from ._io import join_path as join_path
from ._io import put as put
from ._io import put_text as put_text
from ._parse import list_from_file as list_from_file

__all__ = [
    "atomic_write",
    "dump",
    "exists",
    "get",
    "get_text",
    "isdir",
    "isfile",
    "join_path",
    "list_from_file",
    "load",
    "put",
    "put_text",
]
