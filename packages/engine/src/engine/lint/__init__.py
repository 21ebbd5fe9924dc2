"""Check of configs without building anything, and their JSON Schema."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
