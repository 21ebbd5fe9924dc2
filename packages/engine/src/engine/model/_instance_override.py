"""Override of a method of one module instance."""

from __future__ import annotations

from torch import nn


def put_in_front(module: nn.Module, front: type) -> None:
    """Let the methods of a class come before those of a module, once.

    Parameters, names and hooks stay what they are, and so do other modules of the class; a copy of
    the module has the methods too.

    Args:
        module: The module.
        front: The class.
    """
    kind = type(module)
    if not issubclass(kind, front):
        names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        module.__class__ = type(kind.__name__, (front, kind), names)
