"""`with read_base():`, in which a Python config imports its bases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Namespace(dict[str, Any]):
    """The names of a Python config while it is run.

    Attributes:
        imports_bases: Whether an import is one of a base.
    """

    imports_bases = False


@contextmanager
def read_base() -> Iterator[None]:
    """Take the imports in a `with` block for those of base configs.

    Relative and absolute imports work, `from .base import *` and of single names. What is imported
    is the config's own: it may change it, and later assignments take its place. Where the file is
    not read as a config, say by an editor, imports stay what they are.
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
