"""All names of all registries, and configs with their findings, as one page for a browser."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
