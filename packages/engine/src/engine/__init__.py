"""A training engine whose every part is named in a config and found in a tree of registries."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
