"""`with read_base():`, in which a Python config imports its bases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Namespace(dict[str, Any]):
    """The names of a Python config while it runs.

    Attributes:
        imports_bases: Whether an import reads a base.
    """

    imports_bases = False


@contextmanager
def read_base() -> Iterator[None]:
    """Read base configs by the imports in a `with` block.

    Relative and absolute imports work, of single names and `from .base import *`. An imported value
    belongs to the config, which may change or replace it. In a file that is not read as a config,
    such as by an editor, the imports are ordinary ones.
    """
    names = sys._getframe(2).f_globals  # the frame between is that of contextlib
    if not isinstance(names, Namespace):
        yield
        return
    names.imports_bases = True
    try:
        yield
    finally:
        names.imports_bases = False
