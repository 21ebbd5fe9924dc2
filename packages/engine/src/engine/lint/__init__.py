"""Check of configs without building anything, their JSON Schema, and the explorer of names."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
