"""Inference: from a trained model and an input to a result."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
