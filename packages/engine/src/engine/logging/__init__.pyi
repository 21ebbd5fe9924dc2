from ._history import HistoryBuffer as HistoryBuffer
from ._hub import MessageHub as MessageHub
from ._mm_logger import MMLogger as MMLogger
from ._outputs import LogOutputs as LogOutputs
from ._setup import console as console
from ._setup import get_logger as get_logger
from ._setup import has_terminal as has_terminal
from ._setup import print_log as print_log
from ._setup import reset_logging as reset_logging
from ._setup import setup_logging as setup_logging

__all__ = [
    "HistoryBuffer",
    "LogOutputs",
    "MMLogger",
    "MessageHub",
    "console",
    "get_logger",
    "has_terminal",
    "print_log",
    "reset_logging",
    "setup_logging",
]
