"""Placeholders in the text of a config.

- `{{ fileDirname }}`, `{{ fileBasename }}`, `{{ fileBasenameNoExtension }}`, `{{ fileExtname }}`:
  parts of the path of the file.
- `{{ $NAME:default }}`: an environment variable.
- `{{ _base_.model.depth }}`: a value of a base.

While the text is parsed, a token takes the place of each; in the parsed values, the value of the
placeholder replaces its token. So it is one value, or a part of one string, whatever characters it
has.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.utils import did_you_mean

from ._errors import ConfigError
from ._limits import MAX_CHARACTERS, MAX_DIGITS, MAX_VALUES, config_error, index_of, line_of

_PLACEHOLDER = re.compile(
    r"\{\{\s*(?:"
    r"(?P<file>fileDirname|fileBasename|fileBasenameNoExtension|fileExtname)"
    r"|\$(?P<variable>\w+)(?:\s*:(?P<default>(?:[^{}\n]|\{(?!\{)|\}(?!\}))*))?"
    r"|_base_\.(?P<base>[\w.]+)"
    r")\s*\}\}"
)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_NEWLINE = re.compile(r"\r\n?|\n")  # as Python counts lines
_BOOLS = {"true": True, "false": False}
_NONE = ("None", "none", "null")


@dataclass
class Placeholder:
    """A placeholder of a text.

    Attributes:
        source: Its text.
        line: Its line.
        file: The part of the path of the file, if it is one.
        variable: The environment variable, if it is one.
        default: The value if that is not set.
        base: The path of the value of a base, if it is one.
        is_quoted: Whether it is in a quoted string.
    """

    source: str
    line: int
    file: str | None
    variable: str | None
    default: str | None
    base: str | None
    is_quoted: bool = False


class Placeholders:
    """The placeholders of a text.

    Args:
        text: The text.
        location: The path or URL of the file, or the name of the text in errors.
        files: Whether parts of the path of the file are placeholders.
        environment: Whether environment variables are placeholders.
        used: Receives the variables that are looked up, and their values.

    Attributes:
        text: The text with tokens instead of placeholders.
        pattern: Matches a token.
        names: The keys with tokens in them, and what they have become.
    """

    def __init__(
        self, text: str, location: str, *, files: bool, environment: bool, used: dict[str, str]
    ) -> None:
        self.location = location
        self.names: dict[str, str] = {}
        self._used = used
        self._placeholders: list[Placeholder] = []
        self._weight = _Weight()
        tag = "token"
        while f"__{tag}_" in text:
            tag += "_"
        self._token = f"__{tag}_{{}}__"
        self.pattern = re.compile(self._token.format("([0-9]+)"))
        self.text = _PLACEHOLDER.sub(lambda match: self._add(match, files, environment), text)

    def __bool__(self) -> bool:
        return bool(self._placeholders)

    def _add(self, match: re.Match[str], files: bool, environment: bool) -> str:
        found = match.groupdict()
        if (found["file"] and not files) or (found["variable"] and not environment):
            return match[0]
        default = None if found["default"] is None else found["default"].strip()
        line = line_of(match.string, match.start())
        self._placeholders.append(
            Placeholder(match[0], line, found["file"], found["variable"], default, found["base"])
        )
        return self._token.format(len(self._placeholders) - 1)

    def find_all(self, text: str) -> Iterator[Placeholder]:
        """Yield the placeholders whose tokens are in a text."""
        return (self._placeholders[int(match[1])] for match in self.pattern.finditer(text))

    def token_lines(self) -> list[int]:
        """Return the lines of the text on which there are tokens, in order."""
        lines, line, done = [], 1, 0
        for match in self.pattern.finditer(self.text):
            line += sum(1 for _ in _NEWLINE.finditer(self.text, done, match.start()))
            done = match.end()
            lines.append(line)
        return lines

    def split(self, text: str) -> list[str | Placeholder]:
        """Return a text as pieces without tokens, and the placeholders between them."""
        split: list[str | Placeholder] = [*self.pattern.split(text)]
        split[1::2] = self.find_all(text)
        return [piece for piece in split if piece != ""]

    def match(self, text: str) -> Placeholder | None:
        """Return the placeholder of a text that is one token and nothing else."""
        return next(self.find_all(text)) if self.pattern.fullmatch(text) else None

    def restore(self, text: str) -> str:
        """Return a text with its placeholders as they were written."""
        return self.pattern.sub(lambda match: self._placeholders[int(match[1])].source, text)

    def error(self, placeholder: Placeholder, what: str) -> ConfigError:
        """Return the error of a mistake in a placeholder."""
        return config_error(self.location, placeholder.line, what)

    def text_of(self, placeholder: Placeholder) -> str:
        """Return the text of a placeholder that is no value of a base.

        Raises:
            ConfigError: If a variable is not set, and there is no default.
        """
        if placeholder.file is not None:
            return self._path_part(placeholder.file)
        assert placeholder.variable is not None
        found = os.environ.get(placeholder.variable, placeholder.default)
        if found is None:
            name = placeholder.variable
            raise self.error(
                placeholder,
                f"the environment variable {name} is not set; "
                f"set it, or write a default: {{{{ ${name}:default }}}}",
            )
        self._used[placeholder.variable] = found
        return found

    def value_of(self, placeholder: Placeholder) -> Any:
        """Return the value of a placeholder that is a whole value, and no value of a base.

        Without quotes around it, and with a number or a bool as the default, it is one as well.

        Raises:
            ConfigError: If a variable is not set, or is not of the type of its default.
        """
        text, default = self.text_of(placeholder), placeholder.default
        if default is None or placeholder.is_quoted:
            return text
        if default in _NONE:
            return text if placeholder.variable in os.environ else None
        if _LITERAL.fullmatch(default):
            value, what = _number(text), "a number"
        elif default.lower() in _BOOLS:
            value, what = _BOOLS.get(text.strip().lower()), "true or false"
        else:
            return text
        if value is None:
            raise self.error(
                placeholder,
                f"the environment variable {placeholder.variable} must be {what}, as its default "
                f"{default} is; got {text!r} (in quotes, '{placeholder.source}' is text)",
            )
        return value

    def _path_part(self, name: str) -> str:
        path = self.location.replace(os.sep, "/")
        base = posixpath.basename(path)
        stem, extension = posixpath.splitext(base)
        return {
            "fileDirname": posixpath.dirname(path) or ".",
            "fileBasename": base,
            "fileBasenameNoExtension": stem,
            "fileExtname": extension,
        }[name]

    def fill(self, value: Any, base: Mapping[str, Any]) -> Any:
        """Return data with the values of its placeholders in it.

        Args:
            value: Parsed data, with tokens.
            base: The values of the bases.

        Raises:
            ConfigError: If a placeholder has no value, two keys become equal, or the result is too
                large.
        """
        if not self:
            return value
        if isinstance(value, dict):
            new: dict[Any, Any] = {}
            for key, each in value.items():
                name = self._fill_text(key, base) if isinstance(key, str) else key
                if name in new:
                    first = next(self.find_all(key), None) or self._placeholders[0]
                    raise self.error(first, f"the key {name!r} is there twice")
                new[name] = self.fill(each, base)
            return new
        if isinstance(value, list):
            return [self.fill(each, base) for each in value]
        if not isinstance(value, str):
            return value
        if (placeholder := self.match(value)) is None:
            return self._fill_text(value, base)
        if placeholder.base is None:
            return self._weigh(self.value_of(placeholder), placeholder)
        return self._weigh(self._base_value(placeholder, base), placeholder)

    def _fill_text(self, text: str, base: Mapping[str, Any]) -> str:
        """Return a text, such as a key, with the texts of its placeholders in it."""
        if not self.pattern.search(text):
            return text
        pieces = [
            self._as_text(piece, base) if isinstance(piece, Placeholder) else piece
            for piece in self.split(text)
        ]
        return self.rename(text, "".join(pieces))

    def _as_text(self, placeholder: Placeholder, base: Mapping[str, Any]) -> str:
        if placeholder.base is None:
            return str(self._weigh(self.text_of(placeholder), placeholder))
        found = self._weigh(self._base_value(placeholder, base), placeholder)
        return str(self._weigh(str(found), placeholder))

    def rename(self, key: str, text: str) -> str:
        """Record what a text with tokens has become, so that its line is found if it is a key."""
        self.names[key] = text
        return text

    def _weigh(self, value: Any, placeholder: Placeholder) -> Any:
        """Count an inserted value, since few placeholders can insert a lot."""
        if not self._weight.add(value):
            raise self.error(
                placeholder, "with the values of its placeholders the config is too large"
            )
        return value

    def _base_value(self, placeholder: Placeholder, base: Any) -> Any:
        assert placeholder.base is not None
        value = base
        for key in placeholder.base.split("."):
            index = index_of(key)
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, (list, tuple)) and index is not None and index < len(value):
                value = value[index]
            else:
                hint = did_you_mean(key, map(str, value)) if isinstance(value, dict) else ""
                raise self.error(placeholder, f"no base has the value {placeholder.base!r}{hint}")
        return value


class _Weight:
    """Counts values and characters up to the limits of a config."""

    def __init__(self) -> None:
        self._values = 0
        self._characters = 0

    def add(self, value: Any) -> bool:
        """Count a value and all within it, and return whether it is within the limits."""
        todo = [value]
        while todo:
            each = todo.pop()
            if isinstance(each, dict):
                todo.extend(dict.values(each))
            elif isinstance(each, (list, tuple)):
                todo.extend(each)
            self._values += 1
            self._characters += len(each) if isinstance(each, str) else 0
            if self._values > MAX_VALUES or self._characters > MAX_CHARACTERS:
                return False
        return True


def _number(text: str) -> int | float | None:
    text = text.strip()
    if _INTEGER.fullmatch(text) and len(text) <= MAX_DIGITS:
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else None
