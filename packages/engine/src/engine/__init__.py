"""A training engine whose every part is named in a config and found in a tree of registries."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
