"""Named loggers."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from engine.utils import ManagerMixin

from ._setup import NAME, close_handlers, formatted, get_logger


class _Printed(logging.StreamHandler[TextIO]):
    """Prints lines that no handler of the engine's logger, or of one above it, takes."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        formatted(self)

    def emit(self, record: logging.LogRecord) -> None:
        if not get_logger().hasHandlers():
            self.setStream(sys.stdout)  # it may have been redirected since
            super().emit(record)


class MMLogger(logging.Logger, ManagerMixin):
    """A logger below that of the engine: its lines go where a run's lines go.

    Where neither a run nor the program has set up logging, they are printed.

    Args:
        name: The name under which `get_instance` finds it again.
        logger_name: What its records are called.
        log_file: A file to which its lines go as well.
        log_level: The least level that it passes on.
        file_mode: `'w'` or `'a'`, how the file is opened.
        distributed: Whether each process writes a file of its own, with its rank in the name;
            otherwise only the first process writes one.
        file_handler_cfg: `type`, the name of a file handler in `logging` or `logging.handlers`
            (`'RotatingFileHandler'`), and its arguments; None means a plain `FileHandler`.

    Raises:
        ValueError: If there is no such file handler.
    """

    def __init__(
        self,
        name: str,
        logger_name: str = NAME,
        log_file: str | None = None,
        log_level: int | str = "INFO",
        file_mode: str = "w",
        distributed: bool = False,
        file_handler_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        logging.Logger.__init__(self, logger_name, log_level)
        ManagerMixin.__init__(self, name)
        self.parent: logging.Logger = get_logger()
        self.addHandler(_Printed())
        self._log_file: str | None = None
        rank = _rank()
        if log_file is not None and (distributed or rank == 0):
            path = Path(log_file)
            if distributed:
                path = path.with_name(f"{path.stem}_rank{rank}{path.suffix}")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._log_file = str(path)
            self.addHandler(formatted(_file_handler(str(path), file_mode, file_handler_cfg)))

    @property
    def log_file(self) -> str | None:
        """The file to which the lines of this process go, if there is one."""
        return self._log_file

    @classmethod
    def get_current_instance(cls) -> MMLogger:
        """Return the newest instance, or a first one called `'engine'`."""
        return super().get_current_instance() if cls._instances else cls.get_instance(NAME)

    @classmethod
    def reset(cls) -> None:
        """Forget all instances, and close their files."""
        for logger in cls._instances.values():
            close_handlers(logger)
        super().reset()

    def setLevel(self, level: int | str) -> None:
        """Set the least level that is passed on.

        Args:
            level: A level of `logging`, or its name.
        """
        super().setLevel(level)
        # `logging` clears what it remembers of levels only for loggers that it has made.
        vars(self).get("_cache", {}).clear()


def _rank() -> int:
    """Return the rank of this process, which its launcher sets in the environment."""
    return int(os.environ.get("RANK", "0"))


def _file_handler(path: str, mode: str, cfg: Mapping[str, Any] | None) -> logging.FileHandler:
    options = dict(cfg or {})
    kind = options.pop("type", "FileHandler")
    handler = getattr(logging, kind, None) or getattr(logging.handlers, kind, None)
    if not (isinstance(handler, type) and issubclass(handler, logging.FileHandler)):
        raise ValueError(f"file_handler_cfg: there is no file handler {kind!r} in logging")
    if kind != "TimedRotatingFileHandler":  # which always appends
        options = {"mode": mode, **options}
    return handler(path, encoding="utf-8", **options)
