"""Words in the text of a config that stand for other values.

- `{{ fileDirname }}`, `{{ fileBasename }}`, `{{ fileBasenameNoExtension }}`, `{{ fileExtname }}`:
  parts of the path of the file.
- `{{ $NAME:default }}`: an environment variable.
- `{{ _base_.model.depth }}`: a value of a base.
"""

from __future__ import annotations

import io
import itertools
import os
import posixpath
import re
import tokenize
from collections.abc import Iterator
from typing import Any

from engine.utils import did_you_mean

from ._config_dict import ConfigDict
from ._errors import ConfigError
from ._limits import MAX_CHARACTERS, MAX_VALUES, line_of

_FILE = re.compile(r"\{\{\s*(fileDirname|fileBasename|fileBasenameNoExtension|fileExtname)\s*\}\}")
_BRACED = re.compile(r"\{\{((?:[^{}\n]|\{(?!\{)|\}(?!\}))*)\}\}")
_ENVIRONMENT = re.compile(r"\$(\w+)(?:\s*:(.*))?")
_BASE = re.compile(r"\{\{\s*_base_\.([\w.]+)\s*\}\}")
_SAFE = re.compile(r"[^\"'\\\x00-\x1f\x7f\x85\u2028\u2029]*")
_OPEN, _CLOSE = "\ue000", "\ue001"  # no keyboard has them, and every format may hold them
_PLACE = re.compile(f"{_OPEN}([\\w.]+){_CLOSE}")
_QUOTED = re.compile(r"(\"(?:[^\"\\\n]|\\.)*\"?|'[^'\n]*'?)")
_STRING = re.compile(r"(?s)([A-Za-z]*)(\"\"\"|'''|\"|')(.*)\2")


def file_words(text: str, location: str) -> str:
    """Put the parts of the path of the file in their places."""
    if "{{" not in text:
        return text
    path = location.replace(os.sep, "/")
    name = posixpath.basename(path)
    stem, extension = posixpath.splitext(name)
    words = {
        "fileDirname": posixpath.dirname(path) or ".",
        "fileBasename": name,
        "fileBasenameNoExtension": stem,
        "fileExtname": extension,
    }
    return _FILE.sub(lambda match: _safe(words[match[1]], match, text, location), text)


def environment_words(text: str, location: str, used: dict[str, str]) -> str:
    """Put environment variables in their places.

    Args:
        text: The text of a config.
        location: What errors call it.
        used: Gets the variables and their values.

    Raises:
        ConfigError: If a variable is not set and has no default.
    """
    if "{{" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        word = _ENVIRONMENT.fullmatch(match[1].strip())
        if word is None:
            return match[0]
        name, default = word.groups()
        found = os.environ.get(name, default)
        if found is None:
            line = _line(match, text)
            raise ConfigError(
                f"{location}:{line}: the environment variable {name} is not set; "
                f"set it, or write a default: {{{{ ${name}:default }}}}"
            )
        used[name] = found
        return _safe(found, match, text, location)

    return _BRACED.sub(value, text)


def base_expressions(text: str) -> str:
    """Write base values in a Python config as expressions, within strings as well.

    `{{ _base_.a.0 }}` becomes `(_base_.a[0])`, and `'{{ _base_.root }}/x'` becomes an f-string.
    """
    if all(_is_bare(match, text) for match in _BASE.finditer(text)):
        return _bare_expressions(text)
    pieces, done = [], 0
    try:
        for first, last in _strings(text):
            pieces += [_bare_expressions(text[done:first]), _with_expressions(text[first:last])]
            done = last
    except (tokenize.TokenError, SyntaxError):
        return text  # to compile it gives a better error
    return "".join([*pieces, _bare_expressions(text[done:])])


def _is_bare(match: re.Match[str], text: str) -> bool:
    """Return whether a word is for sure in no string: no quotes come before it on its line."""
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return not any(quote in line for quote in "\"'") and '"""' not in text and "'''" not in text


def _strings(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the strings of a Python text begin and end, f-strings as wholes."""
    starts = [0, *itertools.accumulate(map(len, text.splitlines(keepends=True)))]
    depth, first = 0, 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        begins, ends = kind == "FSTRING_START", kind == "FSTRING_END"  # since Python 3.12
        depth += begins - ends
        if kind == "STRING" or begins:
            first = first if depth > 1 else starts[token.start[0] - 1] + token.start[1]
        if depth == 0 and (kind == "STRING" or ends):
            yield first, starts[token.end[0] - 1] + token.end[1]


def _bare_expressions(text: str) -> str:
    return _BASE.sub(lambda match: f"({_expression(match[1])})", text)


def _with_expressions(literal: str) -> str:
    match = _STRING.fullmatch(literal)
    if match is None or set(match[1].lower()) & set("bf") or not _BASE.search(literal):
        return literal
    prefix, quote, body = match.groups()
    if whole := _BASE.fullmatch(body):
        return f"({_expression(whole[1])})"
    pieces = _BASE.split(body)  # texts and paths take turns
    for index, piece in enumerate(pieces):
        doubled = piece.replace("{", "{{").replace("}", "}}")
        pieces[index] = f"{{{_expression(piece)}}}" if index % 2 else doubled
    return f"f{prefix.lower().replace('u', '')}{quote}{''.join(pieces)}{quote}"


def _expression(path: str) -> str:
    keys = [f"[{key}]" if key.isdecimal() else f".{key}" for key in path.split(".")]
    return "_base_" + "".join(keys)


def base_places(text: str, suffix: str, location: str) -> str:
    """Mark the places of base values in a text format, so that it can be parsed.

    Raises:
        ConfigError: If the text has marks already.
    """
    if _BASE.search(text) is None:
        return text
    if _OPEN in text:
        raise ConfigError(f"{location}: a text with values of its bases can't hold {_OPEN!a}")
    if suffix in (".yaml", ".yml"):
        return _BASE.sub(rf"{_OPEN}\1{_CLOSE}", text)
    # Elsewhere a bare word is no string, so it gets quotes.
    pieces = _QUOTED.split(text)
    for index, piece in enumerate(pieces):
        quote = "" if index % 2 else '"'
        pieces[index] = _BASE.sub(rf"{quote}{_OPEN}\1{_CLOSE}{quote}", piece)
    return "".join(pieces)


class Filler:
    """Puts values of a base in their places.

    Args:
        base: The base.
        text: The text with the places, for the lines of errors.
        location: What errors call it.
    """

    def __init__(self, base: ConfigDict, text: str, location: str) -> None:
        self._base = base
        self._text = text
        self._location = location
        self._count = 0
        self._characters = 0

    def fill(self, value: Any) -> Any:
        """Return `value` with the values of the base in it.

        Raises:
            ConfigError: If the base has no such value, or the result becomes too large.
        """
        if _OPEN not in self._text:
            return value
        if isinstance(value, dict):
            return {self.fill_text(key): self.fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if isinstance(value, str) and (whole := _PLACE.fullmatch(value)):
            found = self._value_at(whole[1])
            self._weigh(found, whole[1])
            return found
        return self.fill_text(value)

    def fill_text(self, value: Any) -> Any:
        """Return a text, such as a key, with the texts of base values in it."""
        if not isinstance(value, str) or _OPEN not in value:
            return value

        def put(match: re.Match[str]) -> str:
            found = self._value_at(match[1])
            self._weigh(found, match[1])
            text = str(found)
            self._weigh(text, match[1])
            return text

        return _PLACE.sub(put, value)

    def _weigh(self, value: Any, path: str) -> None:
        """Count what is put in, since few words can name much."""
        todo = [value]
        while todo:
            each = todo.pop()
            if isinstance(each, dict):
                todo.extend(dict.values(each))
            elif isinstance(each, (list, tuple)):
                todo.extend(each)
            self._count += 1
            self._characters += len(each) if isinstance(each, str) else 0
            if self._count > MAX_VALUES or self._characters > MAX_CHARACTERS:
                raise ConfigError(f"{self._place(path)}: with its base the config is too large")

    def _place(self, path: str) -> str:
        position = self._text.find(f"{_OPEN}{path}{_CLOSE}")
        return f"{self._location}:{line_of(self._text, position)}"

    def _value_at(self, path: str) -> Any:
        value: Any = self._base
        for key in path.split("."):
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, (list, tuple)) and key.isdecimal() and int(key) < len(value):
                value = value[int(key)]
            else:
                hint = did_you_mean(key, map(str, value)) if isinstance(value, dict) else ""
                raise ConfigError(f"{self._place(path)}: no base has the value {path!r}{hint}")
        return value


def _safe(value: str, match: re.Match[str], text: str, location: str) -> str:
    """Return a value for the text of a config, to which it must not add more than itself."""
    if _SAFE.fullmatch(value):
        return value
    raise ConfigError(
        f"{location}:{_line(match, text)}: {match[0]} is {value!r}, which has quotes, backslashes "
        "or control characters; a config can't take these over"
    )


def _line(match: re.Match[str], text: str) -> int:
    return text.count("\n", 0, match.start()) + 1
