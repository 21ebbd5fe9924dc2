"""Base classes of models, data preprocessors and model wrappers."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
