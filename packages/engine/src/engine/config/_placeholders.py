"""Words in the text of a config that stand for other values.

- `{{ fileDirname }}`, `{{ fileBasename }}`, `{{ fileBasenameNoExtension }}`, `{{ fileExtname }}`:
  parts of the path of the file.
- `{{ $NAME:default }}`: an environment variable.
- `{{ _base_.model.depth }}`: a value of a base.

Each has a mark in its place while the text is parsed, and its value takes the place of the mark in
what was parsed. So a value is one value, or a part of one text, whatever characters are in it.
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
from ._limits import MAX_CHARACTERS, MAX_DIGITS, MAX_VALUES, index_of, line_of, mistake

_WORD = re.compile(
    r"\{\{\s*(?:"
    r"(?P<file>fileDirname|fileBasename|fileBasenameNoExtension|fileExtname)"
    r"|\$(?P<variable>\w+)(?:\s*:(?P<default>(?:[^{}\n]|\{(?!\{)|\}(?!\}))*))?"
    r"|_base_\.(?P<base>[\w.]+)"
    r")\s*\}\}"
)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_TRUTH = {"true": True, "false": False}
_NOTHING = ("None", "none", "null")


@dataclass
class Word:
    """A word of a text.

    Attributes:
        source: It as it is written.
        line: Its line.
        file: The part of the path that it means.
        variable: The environment variable that it means.
        default: What holds if that is not set.
        base: The path of the value of a base that it means.
        is_quoted: Whether it stands in a quoted string.
    """

    source: str
    line: int
    file: str | None
    variable: str | None
    default: str | None
    base: str | None
    is_quoted: bool = False


class Words:
    """The words of a text.

    Args:
        text: The text.
        location: The path or URL of the file, or what errors call a text that is no file.
        files: Whether parts of the path of the file are words.
        environment: Whether environment variables are.
        used: Gets the variables whose values are asked for, and these.
    """

    def __init__(
        self, text: str, location: str, *, files: bool, environment: bool, used: dict[str, str]
    ) -> None:
        self.location = location
        self.names: dict[str, str] = {}
        """The texts of words by their marks, as far as someone asked for them."""
        self._used = used
        self._words: list[Word] = []
        self._weight = _Weight()
        tag = "word"
        while f"__{tag}_" in text:
            tag += "_"
        self._mark = f"__{tag}_{{}}__"
        self.pattern = re.compile(self._mark.format("([0-9]+)"))
        self.text = _WORD.sub(lambda match: self._marked(match, files, environment), text)

    def __bool__(self) -> bool:
        return bool(self._words)

    def _marked(self, match: re.Match[str], files: bool, environment: bool) -> str:
        found = match.groupdict()
        if (found["file"] and not files) or (found["variable"] and not environment):
            return match[0]
        default = None if found["default"] is None else found["default"].strip()
        line = line_of(match.string, match.start())
        word = Word(match[0], line, found["file"], found["variable"], default, found["base"])
        self._words.append(word)
        return self._mark.format(len(self._words) - 1)

    def within(self, text: str) -> Iterator[Word]:
        """Yield the words whose marks are in a text."""
        return (self._words[int(match[1])] for match in self.pattern.finditer(text))

    def pieces(self, text: str) -> list[str | Word]:
        """Return a text as pieces without marks, and the words between them."""
        split: list[str | Word] = [*self.pattern.split(text)]
        split[1::2] = self.within(text)
        return [piece for piece in split if piece != ""]

    def alone(self, text: str) -> Word | None:
        """Return the word that a text is the mark of, if it is one and no more."""
        return next(self.within(text)) if self.pattern.fullmatch(text) else None

    def restored(self, text: str) -> str:
        """Return a text with its words as they were written."""
        return self.pattern.sub(lambda match: self._words[int(match[1])].source, text)

    def mistake(self, word: Word, what: str) -> ConfigError:
        """Return the error that a word has a mistake."""
        return mistake(self.location, word.line, what)

    def text_of(self, word: Word) -> str:
        """Return the text that stands for a word which means no value of a base.

        Raises:
            ConfigError: If it is a variable that is not set, and has no default.
        """
        if word.file is not None:
            return self._part(word.file)
        assert word.variable is not None
        found = os.environ.get(word.variable, word.default)
        if found is None:
            name = word.variable
            raise self.mistake(
                word,
                f"the environment variable {name} is not set; "
                f"set it, or write a default: {{{{ ${name}:default }}}}",
            )
        self._used[word.variable] = found
        return found

    def value_of(self, word: Word) -> Any:
        """Return the value of a word that is no part of a text, and means no value of a base.

        Where it has no quotes around it and its default is a number or a truth value, it is one.

        Raises:
            ConfigError: If a variable is not set, or is no number where it must be one.
        """
        text, default = self.text_of(word), word.default
        if default is None or word.is_quoted:
            return text
        if default in _NOTHING:
            return text if word.variable in os.environ else None
        if _LITERAL.fullmatch(default):
            value, what = _number(text), "a number"
        elif default.lower() in _TRUTH:
            value, what = _TRUTH.get(text.strip().lower()), "true or false"
        else:
            return text
        if value is None:
            raise self.mistake(
                word,
                f"the environment variable {word.variable} must be {what}, as its default "
                f"{default} is; got {text!r} (in quotes, '{word.source}' is text)",
            )
        return value

    def _part(self, name: str) -> str:
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
        """Return data with the values of its words in it.

        Args:
            value: What was parsed.
            base: The values of the bases.

        Raises:
            ConfigError: If a word has no value, two keys become one, or the result is too large.
        """
        if not self:
            return value
        if isinstance(value, dict):
            new: dict[Any, Any] = {}
            for key, each in value.items():
                name = self._filled(key, base) if isinstance(key, str) else key
                if name in new:
                    first = next(self.within(key), None) or self._words[0]
                    raise self.mistake(first, f"the key {name!r} is there twice")
                new[name] = self.fill(each, base)
            return new
        if isinstance(value, list):
            return [self.fill(each, base) for each in value]
        if not isinstance(value, str):
            return value
        if (word := self.alone(value)) is None:
            return self._filled(value, base)
        found = self.value_of(word) if word.base is None else self._base_value(word, base)
        return self._weighed(found, word)

    def _filled(self, text: str, base: Mapping[str, Any]) -> str:
        """Return a text, such as a key, with the texts of its words in it."""
        if not self.pattern.search(text):
            return text
        pieces = [
            self._as_text(piece, base) if isinstance(piece, Word) else piece
            for piece in self.pieces(text)
        ]
        return self.noted(text, "".join(pieces))

    def _as_text(self, word: Word, base: Mapping[str, Any]) -> str:
        found = self.text_of(word) if word.base is None else self._base_value(word, base)
        self._weighed(found, word)
        return str(self._weighed(str(found), word))

    def noted(self, marked: str, text: str) -> str:
        """Remember what a text with marks has become, so that it is found as a key."""
        self.names[marked] = text
        return text

    def _weighed(self, value: Any, word: Word) -> Any:
        """Count what is put in, since few words can name much."""
        if not self._weight.takes(value):
            raise self.mistake(word, "with what its words stand for the config is too large")
        return value

    def _base_value(self, word: Word, base: Any) -> Any:
        assert word.base is not None
        value = base
        for key in word.base.split("."):
            index = index_of(key)
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, (list, tuple)) and index is not None and index < len(value):
                value = value[index]
            else:
                hint = did_you_mean(key, map(str, value)) if isinstance(value, dict) else ""
                raise self.mistake(word, f"no base has the value {word.base!r}{hint}")
        return value


class _Weight:
    """Counts values and characters up to what a config may hold."""

    def __init__(self) -> None:
        self._values = 0
        self._characters = 0

    def takes(self, value: Any) -> bool:
        """Count a value with all in it, and return whether there was room for it."""
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
