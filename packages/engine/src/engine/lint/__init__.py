"""What is wrong with a config, found without building anything, and the JSON Schema of configs."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
