"""The files that a run needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._walk import Walk


def check_files(cfg: Mapping[str, Any], walk: Walk) -> None:
    """Check that the checkpoints and annotation files that a config names are there.

    Args:
        cfg: The config.
        walk: What gathers the findings.
    """
    from engine.runner import missing_files  # deferred: it needs torch

    for key, message in missing_files(cfg):
        walk.add("missing-file", key, message)
