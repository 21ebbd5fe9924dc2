"""Schedules of an optimizer's options: learning rate, momentum or any other number."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
