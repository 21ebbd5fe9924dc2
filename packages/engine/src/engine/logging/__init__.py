"""Log lines, scalar histories and what the parts of a run tell each other."""

from engine._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
