"""Datasets, their transforms, and how samples are drawn and put into batches."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
