"""Names that MMEngine has in `optim`, re-exported."""

from __future__ import annotations

from engine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS

__all__ = ["OPTIMIZERS", "OPTIM_WRAPPER_CONSTRUCTORS"]
