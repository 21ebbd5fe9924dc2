"""Log lines, scalar histories and what the parts of a run tell each other."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
