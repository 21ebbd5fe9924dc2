"""Report of a test: tables, pictures, worst images, predictions, features; a look at data."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
