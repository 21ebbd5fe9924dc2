"""A command line that has an option for each value of a config."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from ._config import Config
from ._flatten import leaves
from ._options import parse_value


def auto_argparser(description: str | None = None) -> tuple[argparse.ArgumentParser, Config]:
    """Return a parser, and the config that the first word of the command line names.

    Args:
        description: What the parser says of the program.
    """
    first = argparse.ArgumentParser(description=description, add_help=False)
    first.add_argument("config")
    given, _ = first.parse_known_args()
    cfg = Config.fromfile(given.config)
    parser = argparse.ArgumentParser(
        description=description, argument_default=argparse.SUPPRESS, allow_abbrev=False
    )
    parser.add_argument("config", action=_Ignore, help="a config file")
    for path, value in leaves(cfg):
        if path != "help":  # which stays what it is everywhere
            parser.add_argument(
                f"--{path}",
                dest=path,
                metavar=type(value).__name__.upper(),
                type=_reader(value),
                help=f"{value!r} if not given".replace("%", "%%"),
            )
    return parser, cfg


class _Ignore(argparse.Action):
    """Leaves a word out of what was given, since it is no value of the config."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Do nothing."""


def _reader(value: Any) -> Callable[[str], Any]:
    """Return what makes a value of a word, of the kind of that in the config."""
    return str if isinstance(value, str) else parse_value
