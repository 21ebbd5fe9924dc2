"""Names that MMEngine has in its optim, and that live on a lower floor here."""

from __future__ import annotations

from engine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS

__all__ = ["OPTIMIZERS", "OPTIM_WRAPPER_CONSTRUCTORS"]
