"""The file and line of the code that calls the registry."""

from __future__ import annotations

import sys
from types import FrameType

# The modules whose frames are passed over: a call of `Registry[int]` goes through `typing`.
_PASSED_OVER = {
    __name__,
    f"{__package__}._node",
    f"{__package__}._registered",
    f"{__package__}._registry",
    "typing",
}


class CallSite:
    """The file and line where a frame is.

    Args:
        frame: The frame.

    Attributes:
        filename: The file.
        line: The line.
        package: The top-level package of the code.
    """

    __slots__ = ("filename", "line", "package")

    def __init__(self, frame: FrameType) -> None:
        self.filename = frame.f_code.co_filename
        self.line = frame.f_lineno
        self.package = get_module(frame).partition(".")[0]

    def __str__(self) -> str:
        """Return `file:line`, relative to the folder of `sys.path`: the same on every machine."""
        for folder in sorted(map(str, sys.path), key=len, reverse=True):
            if folder and self.filename.startswith(folder.rstrip("/") + "/"):
                return f"{self.filename[len(folder.rstrip('/')) + 1 :]}:{self.line}"
        return f"{self.filename}:{self.line}"


def find_caller() -> FrameType:
    """Return the nearest frame outside of the registry's own code: that of the user."""
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__") in _PASSED_OVER and frame.f_back is not None:
        frame = frame.f_back
    return frame


def get_module(frame: FrameType) -> str:
    """Return the name of the module that a frame is in."""
    return str(frame.f_globals.get("__name__", "__main__"))
