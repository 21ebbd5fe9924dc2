"""Errors of checkpoints."""

from __future__ import annotations

from engine._lazy import public


@public
class CheckpointError(RuntimeError):
    """A checkpoint can't be read or written, or does not fit; the text names the file."""


@public
class CheckpointNotFoundError(CheckpointError, FileNotFoundError):
    """There is no such checkpoint."""
