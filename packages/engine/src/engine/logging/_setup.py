"""Set-up of the standard `logging` module for a run, and the log handlers of several runs.

All lines go through the logger `engine`, which propagates as any other does.
"""

from __future__ import annotations

import functools
import logging
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from rich.console import Console


NAME = "engine"
_FORMAT = "%(asctime)s - %(levelname)s - %(message)s"
_ASKS_FOR_TERMINAL = {"FORCE_COLOR", "TTY_COMPATIBLE"}
_TIME = "%Y/%m/%d %H:%M:%S"


def get_logger() -> logging.Logger:
    """Return the logger to which the engine writes."""
    return logging.getLogger(NAME)


@functools.cache
def console() -> Console:
    """Return the terminal as rich sees it: log lines and progress bars must share it."""
    state = random.getstate()
    from rich.console import Console  # deferred: not needed where the output is a file or pipe

    random.setstate(state)  # rich draws a number where it is imported, and a run must not notice
    return Console(stderr=True)


def has_terminal() -> bool:
    """Return whether what is shown goes to a terminal, as rich sees it."""
    if not (sys.stderr.isatty() or _ASKS_FOR_TERMINAL & os.environ.keys()):
        return False  # the usual case where it does not, without an import of rich
    return console().is_terminal


def setup_logging(
    log_level: int | str = "INFO", log_file: str | Path | None = None, *, main: bool = True
) -> logging.Logger:
    """Send log lines to the terminal and a file; a later call takes the place of a former one.

    A terminal line is left to the root logger where the program has given that a handler.

    Args:
        log_level: The least level that is shown.
        log_file: Where lines are written as well.
        main: Whether this is the first process of a run; the others show errors only.
    """
    logger = get_logger()
    close_handlers(logger)
    logger.setLevel(log_level if main else logging.ERROR)
    if not logging.getLogger().handlers:
        logger.addHandler(_terminal_handler())
    if log_file is not None:
        Path(log_file).parent.mkdir(parents=True, exist_ok=True)
        logger.addHandler(formatted(logging.FileHandler(log_file, encoding="utf-8")))
    return logger


def reset_logging() -> None:
    """Undo `setup_logging`."""
    logger = get_logger()
    close_handlers(logger)
    logger.setLevel(logging.NOTSET)


def print_log(
    msg: object, logger: logging.Logger | str | None = None, level: int = logging.INFO
) -> None:
    """Log a message.

    Args:
        msg: The message.
        logger: A logger, the name of one, `'current'` for that of the engine, `'silent'` for
            nowhere, or None for a plain print.
        level: The level, as in `logging`.
    """
    if logger is None:
        print(msg)  # noqa: T201  # documented: without a logger the message is printed
    elif isinstance(logger, logging.Logger):
        logger.log(level, msg)
    elif logger != "silent":
        (get_logger() if logger == "current" else logging.getLogger(logger)).log(level, msg)


def _terminal_handler() -> logging.Handler:
    if not has_terminal():
        return formatted(logging.StreamHandler())
    from rich.logging import RichHandler  # deferred: not needed where the output is a file or pipe

    handler = RichHandler(console=console(), show_path=False, log_time_format="%H:%M:%S")
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def formatted(handler: logging.Handler) -> logging.Handler:
    """Return a handler that writes lines as those of a run are."""
    handler.setFormatter(logging.Formatter(_FORMAT, _TIME))
    return handler


def close_handlers(logger: logging.Logger) -> None:
    """Remove and close the handlers of a logger."""
    for handler in [*logger.handlers]:
        logger.removeHandler(handler)
        handler.close()


_OF_RUNS: WeakSet[logging.Handler] = WeakSet()


class LogOutputs:
    """The handlers and the level of the engine's logger as a run has set them up.

    They hold until another run sets up its own, and again in the block of `in_use`. The logger is
    one for the process: of runs in several threads at once, the lines of all go where the last one
    wants them.
    """

    def __init__(self) -> None:
        logger = get_logger()
        self._handlers = [*logger.handlers]
        self._level = logger.level
        _OF_RUNS.update(self._handlers)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Send lines to where this run wants them, and not to where other runs do."""
        logger = get_logger()
        others = [each for each in logger.handlers if each in _OF_RUNS - {*self._handlers}]
        missing = [each for each in self._handlers if each not in logger.handlers]
        level = logger.level
        if others or missing:
            logger.setLevel(self._level)
        _exchange(logger, others, missing)
        try:
            yield
        finally:
            _exchange(logger, missing, others)
            for handler in missing:
                handler.close()  # a file opens again for the next line
            if others or missing:
                logger.setLevel(level)


def _exchange(
    logger: logging.Logger, old: list[logging.Handler], new: list[logging.Handler]
) -> None:
    for handler in old:
        logger.removeHandler(handler)
    for handler in new:
        logger.addHandler(handler)
