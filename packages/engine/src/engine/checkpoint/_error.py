"""Errors of checkpoints."""

from __future__ import annotations


class CheckpointError(RuntimeError):
    """A checkpoint can't be read or written, or does not fit; the text names the file."""
