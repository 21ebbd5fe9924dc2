"""Places in source files, as messages tell them."""

from __future__ import annotations

import sys


def shorten_path(path: str) -> str:
    """Return a path relative to the folder of `sys.path` that it is in: the same on every machine.

    Args:
        path: A path, which may be followed by a line: `'/lib/site-packages/pack/x.py:3'`.
    """
    for folder in sorted(map(str, sys.path), key=len, reverse=True):
        if folder and path.startswith(folder.rstrip("/") + "/"):
            return path[len(folder.rstrip("/")) + 1 :]
    return path
