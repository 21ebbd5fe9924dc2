"""The base of all models, their pre-processing and their wrappers."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
