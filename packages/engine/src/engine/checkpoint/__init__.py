"""Checkpoint files: plain data and tensors, written atomically, never executed."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
