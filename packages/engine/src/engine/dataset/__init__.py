"""Data sets, their transforms, and how samples are drawn and put into batches."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
