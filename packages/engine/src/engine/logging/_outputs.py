"""Log handlers of several runs in one process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from ._setup import get_logger

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
