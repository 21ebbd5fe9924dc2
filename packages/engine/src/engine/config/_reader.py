"""Reading a config and the bases that it names."""

from __future__ import annotations

import posixpath
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.utils import is_url

from . import _formats as formats
from ._config_dict import ConfigDict, blank
from ._errors import ConfigError
from ._limits import check_text
from ._paths import identity, locate, text_of
from ._merge import joined, lay
from ._provenance import Text
from ._python import BASE, NAME, run
from ._placeholder_quotes import settle
from ._placeholders import Words

_DEPRECATION = "_deprecation_"
_MAX_BASES = 50
_READERS = (__package__, NAME)  # and configs that have others as bases


@dataclass(frozen=True)
class Reader:
    """Reads configs.

    Attributes:
        trust: Whether a text config may name Python configs as bases, and have `custom_imports`.
        file_words: Whether to substitute `{{ fileDirname }}` and the like.
        environment: Whether to substitute `{{ $NAME:default }}`.
        imports: Whether the `custom_imports` of a config will be imported.
        variables: The environment variables that were substituted.
    """

    trust: bool = False
    file_words: bool = True
    environment: bool = True
    imports: bool = True
    variables: dict[str, str] = field(default_factory=dict)

    def read(self, location: str, above: tuple[str, ...] = ()) -> ConfigDict:
        """Return the values of a config file, laid over those of its bases.

        Args:
            location: A path or URL.
            above: The files on the way to this one, each of which names the next as a base.

        Raises:
            ConfigError: If the file or one of its bases can't be read; it says file and line.
        """
        if identity(location) in above:
            raise ConfigError(f"{location} is a base of itself")
        if len(above) == _MAX_BASES:
            raise ConfigError(f"{location} is base number {_MAX_BASES} on its way; that is too far")
        suffix = formats.checked(posixpath.splitext(location)[1], location)
        text = text_of(location)
        try:
            return self.parse(text, suffix, location, (*above, identity(location)))
        except ConfigError as error:
            error.is_placed = True
            raise

    def parse(
        self, text: str, suffix: str, location: str, chain: tuple[str, ...] = ()
    ) -> ConfigDict:
        """Return the values that a text describes, laid over those of its bases.

        Args:
            text: The text of a config.
            suffix: Its format.
            location: What errors call it, and what its bases are relative to.
            chain: The files on the way to this one, itself included; none for a string.

        Raises:
            ConfigError: If the text is not of the format, or its bases can't be read.
        """
        formats.checked(suffix, location)
        if suffix != formats.PYTHON:
            check_text(text, location)
        words = Words(
            text,
            location,
            files=self.file_words and bool(chain),
            environment=self.environment,
            used=self.variables,
        )
        text = settle(words, suffix)
        over: Mapping[str, Any]
        try:
            if suffix == formats.PYTHON:
                over, base = run(
                    text,
                    words,
                    lambda name: self.read(name, chain),
                    lambda names: self._bases(names, location, chain),
                )
            else:
                over, base = self._data(text, suffix, words, chain)
        except ConfigError as error:
            error.args = tuple(map(words.restored, error.args))
            raise
        is_code = self.trust or suffix == formats.PYTHON
        source = Text(location, text, suffix, is_code, words.names)
        root = blank(ConfigDict, ("", source, "")) if base is None else base
        try:
            lay(root, over, source, "")
        except RecursionError:
            raise ConfigError(f"{location}: its values are nested too deeply") from None
        if _DEPRECATION in root:
            _warn(location, root.pop(_DEPRECATION))
        return root

    def _data(
        self, text: str, suffix: str, words: Words, chain: tuple[str, ...]
    ) -> tuple[dict[str, Any], ConfigDict | None]:
        """Return the values of a text format, which is data, and those of its bases."""
        location = words.location
        values = formats.parse(text, suffix, location)
        names = words.fill(values.pop(BASE, []), {})  # no base is there yet

        def refuse(found: Iterator[tuple[str, str]]) -> None:
            for key, what in found if not self.trust else ():
                raise ConfigError(_untrusted(_place(key, text, suffix, location), what))

        refuse(self._imports_in(values))
        refuse(_code_in_bases(names))
        try:
            base = self._bases(names, location, chain)
        except ConfigError as error:
            place = _place(BASE, text, suffix, location)
            if error.is_placed:
                error.add_note(f"which is a base of {place}")
                raise
            raise type(error)(f"{place}: {error}") from error.__cause__
        filled: dict[str, Any] = words.fill(values, base or {})
        refuse(self._imports_in(filled))  # a word may have been that key
        return filled, base

    def _imports_in(self, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if "custom_imports" in values and self.imports:
            yield "custom_imports", "custom_imports would import modules"

    def _bases(self, names: Any, location: str, chain: tuple[str, ...]) -> ConfigDict | None:
        """Return the values of the bases that a config names."""
        if names and not chain:
            raise ConfigError(f"a text has no folder in which {BASE} could be found")
        found = [self.read(locate(name, location), chain) for name in _names(names)]
        return joined(found) if found else None


def _names(given: Any) -> list[str]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{BASE} is a file name or a list of such; got {given!r}")
    return list(names)


def _code_in_bases(names: Any) -> Iterator[tuple[str, str]]:
    """Yield what would let the bases of data run or import code: the key, and what it would do."""
    for name in _names(names):
        if posixpath.splitext(name)[1] == formats.PYTHON:
            yield BASE, f"the base {name} would run as code"
        elif is_url(name):
            yield BASE, f"the base {name} would be fetched"


def _place(key: str, text: str, suffix: str, location: str) -> str:
    return f"{location}:{formats.lines(text, suffix).find([key])}"


def _untrusted(place: str, what: str) -> str:
    return (
        f"{place}: {what}; a text config is data and may not do so unless you trust it: "
        "Config.fromfile(..., trust=True), or --trust on the command line"
    )


def _warn(location: str, deprecation: Any) -> None:
    """Warn that a config will go, as its `_deprecation_` says."""
    facts = deprecation if isinstance(deprecation, Mapping) else {}
    expected, reference = facts.get("expected"), facts.get("reference")
    instead = f"; use {expected} instead" if expected else ""
    more = f" ({reference})" if reference else ""
    reader = sys._getframe()
    while reader.f_back is not None and reader.f_globals["__name__"].startswith(_READERS):
        reader = reader.f_back
    warnings.warn_explicit(
        f"the config {location} is deprecated{instead}{more}",
        FutureWarning,  # which Python shows to users of programs as well
        reader.f_code.co_filename,
        reader.f_lineno,
    )
