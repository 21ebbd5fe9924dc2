"""Schedulers of learning rate, momentum and other options of an optimizer."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
