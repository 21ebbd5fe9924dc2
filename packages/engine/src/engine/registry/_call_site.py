"""Where something was registered, told in a form that is short and the same on every machine."""

from __future__ import annotations

import os.path
import sys

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from types import CodeType, FrameType

_OWN = {__file__, os.path.join(os.path.dirname(__file__), "_registry.py")}


class Site:
    """A place in a source file.

    Args:
        filename: The file.
        line: The number of the line.
    """

    __slots__ = ("filename", "line")

    def __init__(self, filename: str, line: int) -> None:
        self.filename = filename
        self.line = line

    def __str__(self) -> str:
        """Return `file:line`, the file relative to the folder from which it is imported."""
        for folder in sorted(map(str, sys.path), key=len, reverse=True):
            if folder and self.filename.startswith(folder.rstrip("/") + "/"):
                return f"{self.filename[len(folder.rstrip('/')) + 1 :]}:{self.line}"
        return f"{self.filename}:{self.line}"


def caller() -> FrameType:
    """Return the nearest frame outside of the registry's own code: that of the user."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename in _OWN and frame.f_back is not None:
        frame = frame.f_back
    return frame


def call_site() -> Site:
    """Return where the user called the registry."""
    frame = caller()
    return Site(frame.f_code.co_filename, frame.f_lineno)


def calling_code() -> CodeType:
    """Return the code that called the registry; a reload makes another of the same lines."""
    return caller().f_code


def calling_module() -> str:
    """Return the name of the module that called the registry."""
    return str(caller().f_globals.get("__name__", "__main__"))


def calling_package() -> str:
    """Return the top-level package of the module that called the registry."""
    return calling_module().partition(".")[0]
