"""Names that MMEngine has in `runner`, re-exported."""

from __future__ import annotations

from engine.checkpoint import (
    CheckpointError,
    CheckpointLoader,
    get_torchvision_models,
    read_checkpoint,
    save_checkpoint,
)
from engine.model import (
    get_state_dict,
    load_state_dict,
    turn_on_activation_checkpointing,
    weights_to_cpu,
)

__all__ = [
    "CheckpointError",
    "CheckpointLoader",
    "get_state_dict",
    "get_torchvision_models",
    "load_state_dict",
    "read_checkpoint",
    "save_checkpoint",
    "turn_on_activation_checkpointing",
    "weights_to_cpu",
]
