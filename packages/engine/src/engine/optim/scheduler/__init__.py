"""Schedules of an optimizer's options: learning rate, momentum or any other number."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
