"""Exit status after a signal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def exit_after_signal() -> Iterator[None]:
    """Exit if a signal ended the run, which was saved."""
    from engine.runner import TrainingInterrupted  # deferred: --help needs no torch

    try:
        yield
    except TrainingInterrupted as stop:
        raise typer.Exit(stop.exit_status) from None
