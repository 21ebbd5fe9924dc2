"""Metrics and the evaluator that runs them."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
