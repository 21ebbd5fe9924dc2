"""Exit status after a signal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def exit_after_signal() -> Iterator[None]:
    """Exit if a signal ended the run, which was saved."""
    try:
        yield
    except KeyboardInterrupt as stop:
        from engine.runner import TrainingInterrupted  # deferred: --help needs no torch

        if not isinstance(stop, TrainingInterrupted):
            raise
        raise typer.Exit(stop.exit_status) from None
