"""Process state in tests."""

from __future__ import annotations

import runpy
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from engine.logging import reset_logging
from engine.registry import disallow
from engine.utils import ManagerMixin


def reset() -> None:
    """Forget what was set for the whole process.

    That is the default scope, what `engine.registry.allow` has allowed, the current loggers,
    message hubs and visualizers, and the level and outputs of the log.
    """
    disallow()
    for kind in _subclasses(ManagerMixin):
        kind.reset()
    reset_logging()


def _subclasses(kind: type[ManagerMixin]) -> Iterator[type[ManagerMixin]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


@contextmanager
def as_process(rank: int, world_size: int) -> Iterator[None]:
    """Let code in a `with` block find itself in one of several processes, which are not there.

    Samplers and loaders take their share of the data, for example; what sends data to the other
    processes fails.

    Args:
        rank: The rank of the process.
        world_size: The number of processes.
    """
    answers = {"is_initialized": True, "get_rank": rank, "get_world_size": world_size}
    with ExitStack() as stack:
        for name, answer in answers.items():
            stack.enter_context(patch(f"torch.distributed.{name}", return_value=answer))
        yield


def check_python_script(cmd: str) -> None:
    """Run a Python script as the main program of this process, so that it counts in coverage.

    Args:
        cmd: The script and its arguments, `'tools/x.py --flag'`; a `python` before it is allowed.

    Raises:
        ValueError: If there is no script in it.
    """
    words = shlex.split(cmd)
    if words[:1] == ["python"]:
        del words[0]
    if not words:
        raise ValueError(f"a command names a script; got {cmd!r}")
    before, sys.argv = sys.argv, words
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        sys.argv = before
