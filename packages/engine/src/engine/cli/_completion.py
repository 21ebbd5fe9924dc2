"""Completion of command lines in bash, zsh and fish."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Annotated, Any, Literal

import typer

from ._arguments import REPEATED
from ._completion_values import Offer, values_of

HIDDEN_COMMAND = "__complete"
"""The command by which the scripts ask for completions of the words after it."""


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"],
        typer.Argument(metavar="bash|zsh|fish", help="The shell.", show_default=False),
    ],
) -> None:
    """Print the script by which a shell completes commands.

    bash, in ~/.bashrc:  eval "$(engine completion bash)"

    zsh, in ~/.zshrc after compinit:  eval "$(engine completion zsh)"

    fish:  engine completion fish > ~/.config/fish/completions/engine.fish
    """
    script = files("engine.cli") / "completion" / f"engine.{shell}"
    typer.echo(script.read_text(encoding="utf-8").rstrip())


def complete(command: Any, words: list[str]) -> Iterator[Offer]:
    """Yield what the last word of a command line may become.

    Args:
        command: The command that is called.
        words: The words after its name; the last one is not complete.
    """
    *done, current = words or [""]
    arguments: list[str] = []
    option = None  # which waits for a value
    for word in done:
        if option is not None and not word.startswith("-"):
            option = option if {*REPEATED} & {*option.opts} else None
        elif word.startswith("-"):
            name, _, value = word.partition("=")
            option = None if value else _find_option(command, name)
        elif hasattr(command, "commands"):
            if (command := command.commands.get(word)) is None:
                return
        else:
            arguments.append(word)
    yield from _offers(command, option, arguments, current)


def _find_option(command: Any, name: str) -> Any:
    """Return the option that a word names, if it takes a value."""
    for each in command.params:
        if name in each.opts and each.param_type_name == "option" and not each.is_flag:
            return each
    return None


def _offers(command: Any, option: Any, arguments: list[str], current: str) -> Iterator[Offer]:
    words: Iterable[Offer]
    if current.startswith("-"):
        words = _options_of(command)
    elif option is None and hasattr(command, "commands"):
        words = (
            (name, _first_line(each)) for name, each in command.commands.items() if not each.hidden
        )
    else:
        positions = [each for each in command.params if each.param_type_name == "argument"]
        places = {each.name: word for each, word in zip(positions, arguments, strict=False)}
        if option is None and positions:
            option = positions[min(len(arguments), len(positions) - 1)]
            if len(arguments) >= len(positions) and option.nargs == 1:
                return
        words = () if option is None else values_of(option, current, places)
    yield from ((word, meaning) for word, meaning in words if word.startswith(current))


def _options_of(command: Any) -> Iterator[Offer]:
    for each in command.params:
        if each.param_type_name == "option" and not each.hidden:
            for name in (*each.opts, *each.secondary_opts):
                yield name, each.help or ""


def _first_line(command: Any) -> str:
    return (command.help or "").partition("\n")[0]


def print_completions(command: Any, words: list[str]) -> None:
    """Print completions, each a line: the word, and after a tab what it means."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        offers = dict(complete(command, words))
    for word, meaning in offers.items():
        typer.echo(f"{word}\t{meaning}" if meaning else word)
