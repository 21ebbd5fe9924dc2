"""A command line with an option for each value of a config."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ._config_dict import ConfigDict
from ._flatten import leaves
from ._options import parse_value

C = TypeVar("C", bound=ConfigDict)


def auto_argparser(
    description: str | None, read: Callable[[str], C]
) -> tuple[argparse.ArgumentParser, C]:
    """Return a parser, and the config that the first argument of the command line names.

    Args:
        description: The description of the program in the help of the parser.
        read: Reads a config file.
    """
    first = argparse.ArgumentParser(description=description, add_help=False)
    first.add_argument("config")
    given, _ = first.parse_known_args()
    cfg = read(given.config)
    parser = argparse.ArgumentParser(
        description=description, argument_default=argparse.SUPPRESS, allow_abbrev=False
    )
    parser.add_argument("config", action=_Ignore, help="a config file")
    for path, value in leaves(cfg):
        if path != "help":  # --help prints the help
            parser.add_argument(
                f"--{path}",
                dest=path,
                metavar=type(value).__name__.upper(),
                type=str if isinstance(value, str) else parse_value,
                help=f"{value!r} if not given".replace("%", "%%"),
            )
    return parser, cfg


class _Ignore(argparse.Action):
    """Leaves the config file out of the result, since it is no value of the config."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Do nothing."""
