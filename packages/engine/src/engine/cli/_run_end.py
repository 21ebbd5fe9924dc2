"""The end of a run: its exit status after a signal, and its processes."""

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


def end_processes() -> None:
    """Leave the other processes of a run."""
    from torch import distributed  # deferred: --help needs no torch

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
