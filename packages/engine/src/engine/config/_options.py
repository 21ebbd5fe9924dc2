"""Options of a command line that set values of a config."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ._errors import ConfigError
from ._flatten import leaves
from ._limits import TOO_MANY_DIGITS, format_short, format_value, index_of, is_huge, max_digits
from ._merge import merge_into, resolve_key
from ._node import DELETE, Node, set_item
from ._provenance import Site, Source

_CONSTANTS = {"true": True, "false": False, "none": None}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}

N = TypeVar("N", bound=Node)


class Options(dict[str, Any]):
    """Values by dotted key that come from a command line.

    Args:
        values: The values.
        name: The name of the option.
    """

    def __init__(self, values: Mapping[str, Any], name: str = "--cfg-options") -> None:
        super().__init__(values)
        self.source: Site = Site(name)


def parse_options(options: Iterable[str]) -> Options:
    """Return the values of `key=value` pairs, by dotted key.

    A value is a Python literal (`1`, `1e-3`, `'text'`, `[1, 2]`, `{'a': 1}`), true, false or none
    in any case, a list (`a,b` or `[a,b]`), a tuple (`(a,b)`), nested at will, or else text.

    Args:
        options: Pairs such as `model.backbone.depth=18`.

    Raises:
        ConfigError: If an option is not such a pair.
    """
    result: dict[str, Any] = {}
    for option in options:
        key, equals, text = option.partition("=")
        key = key.strip()
        if not equals or not all(key.split(".")):
            raise ConfigError(
                f"an option is key=value, such as model.backbone.depth=18; got {option!r}"
            )
        if any(part.isdecimal() and index_of(part) is None for part in key.split(".")):
            raise ConfigError(f"{format_short(option)}: that is too large for a number in a key")
        try:
            result[key] = parse_value(text)
        except OverflowError:
            raise ConfigError(
                f"{format_short(option)}: an integer has at most {max_digits()} digits; "
                "in quotes it is text"
            ) from None
    return Options(result)


def order_options(options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield options in the order to set them: those that empty a dictionary first.

    Args:
        options: Values by dotted key.

    Yields:
        Dotted keys and their values; `a.b._delete_` has become a dictionary for `a.b`.
    """
    deleted = [key.rpartition(".")[0] for key in options if key.split(".")[-1] == DELETE]
    for outer in sorted(deleted, key=lambda key: key.count(".")):
        if outer and options[f"{outer}.{DELETE}"]:
            yield outer, {DELETE: True}
    for key, value in options.items():
        if key.split(".")[-1] != DELETE:
            yield key, value


def set_option(root: Node, dotted: str, value: Any, source: Source, *, list_keys: bool) -> None:
    """Set the value of a dotted key; missing dictionaries on the way to it are made.

    Args:
        root: The config.
        dotted: The key, such as `'model.layers.0.depth'`.
        value: The value; a dictionary is merged into one that is there.
        source: Where it comes from.
        list_keys: Whether a number in the key means an item of a list.

    Raises:
        ConfigError: If the key leads into something that is neither a dictionary nor a list.
    """
    keys = dotted.split(".")
    node, depth, last = root, 0, len(keys) - 1
    while depth < last:
        child = dict.get(node, resolve_key(node, keys[depth]))
        if not isinstance(child, Node):
            _check_on_path(node, keys[depth], child, dotted, list_keys)
            break
        node, depth = child, depth + 1
    else:
        if not isinstance(value, Mapping):
            set_item(node, resolve_key(node, keys[last]), value, source, dotted)
            return
    for key in reversed(keys[depth:]):
        value = {key: value}
    merge_into(node, value, source, ".".join(keys[:depth]))


def _check_on_path(node: Node, key: str, child: object, dotted: str, list_keys: bool) -> None:
    """Check that a dotted key may go on below the value of `key`, which is no dictionary."""
    if isinstance(child, (list, tuple)):
        if not list_keys:
            raise ConfigError(f"{dotted}: {node.__where__(key)} is a list")
    elif child is not None or key in node:
        raise ConfigError(
            f"{dotted}: {node.__where__(key)} is {format_value(child)}, which has no keys"
        )


def parse_value(text: str) -> Any:
    """Return the value of a text on the command line.

    Raises:
        OverflowError: If an integer in it has too many digits.
    """
    try:
        value = _parse(text)
    except RecursionError:
        return text
    if any(is_huge(each) for _, each in leaves(value)):
        raise OverflowError(text)
    return value


def _parse(text: str) -> Any:
    text = text.strip()
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    parts = _split(text)
    if len(parts) > 1 or text.endswith(","):
        return [_parse(part) for part in parts]
    try:
        return ast.literal_eval(text)
    except SyntaxError as error:
        if str(error.msg).startswith(TOO_MANY_DIGITS):
            raise OverflowError(text) from error
    except (ValueError, TypeError, MemoryError):
        pass
    if text[:1] in ("(", "[") and text.endswith(_BRACKETS[text[0]]):
        items = [_parse(part) for part in _split(text[1:-1])]
        return tuple(items) if text[0] == "(" else items
    return text


def _split(text: str) -> list[str]:
    """Split at the commas that are outside of brackets and quotes."""
    parts = [""]
    closers: list[str] = []
    quote = ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _BRACKETS:
            closers.append(_BRACKETS[letter])
        elif closers and letter == closers[-1]:
            closers.pop()
        if letter == "," and not closers and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return parts if parts[-1].strip() else parts[:-1]


class DictAction(argparse.Action):
    """An action of `argparse` that collects `key=value` pairs in a dictionary.

    Example:
        `parser.add_argument('--cfg-options', nargs='+', action=DictAction)`
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the pairs of this option to those of earlier ones."""
        given = [values] if isinstance(values, str) else list(values or ())
        try:
            options = parse_options(given)
        except ConfigError as error:
            parser.error(str(error))
        former = getattr(namespace, self.dest) or {}
        setattr(namespace, self.dest, Options({**former, **options}, option_string or self.dest))


def auto_argparser(
    description: str | None, read: Callable[[str], N]
) -> tuple[argparse.ArgumentParser, N]:
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
