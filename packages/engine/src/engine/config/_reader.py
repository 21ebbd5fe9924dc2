"""Reader of a config, its bases and its custom imports."""

from __future__ import annotations

import importlib
import posixpath
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.utils import is_url

from . import _formats as formats
from ._config_dict import ConfigDict
from ._errors import ConfigError, ConfigImportError, ConfigTypeError
from ._limits import check_text
from ._merge import combine_bases, merge_into
from ._node import Node, make_node
from ._paths import locate, read_text, resolve
from ._placeholder_quotes import mark_quoted
from ._placeholders import Placeholders
from ._python import BASE, NAME, Base, Imported, run_config
from ._source_text import SourceText

_DEPRECATION = "_deprecation_"
_SCOPE = "_scope_"
_MAX_BASES = 50
_READERS = (__package__, NAME)  # and configs that have others as bases


@dataclass(frozen=True)
class Reader:
    """Reads configs.

    Attributes:
        trust: Whether a text config may name Python configs as bases, and have `custom_imports`.
        file_variables: Whether to substitute `{{ fileDirname }}` and the like.
        environment: Whether to substitute `{{ $NAME:default }}`.
        imports: Whether the `custom_imports` of a config will be imported.
        variables: The environment variables that were substituted.
        written: The dotted paths by which the Python configs name classes and functions.
    """

    trust: bool = False
    file_variables: bool = True
    environment: bool = True
    imports: bool = True
    variables: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def read(self, location: str, above: tuple[str, ...] = ()) -> Base:
        """Return the values of a config file, merged into those of its bases.

        Args:
            location: A path or URL.
            above: The files that led to this one; each names the next as a base.

        Raises:
            ConfigError: If the file or one of its bases can't be read; it names file and line.
        """
        if resolve(location) in above:
            raise ConfigError(f"{location} is a base of itself")
        if len(above) == _MAX_BASES:
            raise ConfigError(f"{location}: more than {_MAX_BASES} levels of base configs")
        suffix = formats.check_suffix(posixpath.splitext(location)[1], location)
        text = read_text(location)
        try:
            return self._parse(text, suffix, location, (*above, resolve(location)))
        except ConfigError as error:
            error.is_placed = True
            raise

    def parse(
        self, text: str, suffix: str, location: str, chain: tuple[str, ...] = ()
    ) -> ConfigDict:
        """Return the values of a text, merged into those of its bases.

        Args:
            text: The text of a config.
            suffix: Its format.
            location: Its name in errors; the paths of its bases are relative to it.
            chain: The files that led to this one, and this one; none for a string.

        Raises:
            ConfigError: If the text is not of the format, or its bases can't be read.
        """
        return self._parse(text, suffix, location, chain).values

    def _parse(self, text: str, suffix: str, location: str, chain: tuple[str, ...]) -> Base:
        formats.check_suffix(suffix, location)
        if suffix != formats.PYTHON:
            check_text(text, location)
        placeholders = Placeholders(
            text,
            location,
            files=self.file_variables and bool(chain),
            environment=self.environment,
            used=self.variables,
        )
        text = mark_quoted(placeholders, suffix)
        is_code = self.trust or suffix == formats.PYTHON
        source = SourceText(location, text, suffix, is_code, placeholders.names)
        values: Mapping[str, Any]
        imported: Imported = {}
        try:
            if suffix == formats.PYTHON:
                values, base, imported, written = run_config(
                    text,
                    placeholders,
                    source,
                    lambda name: self.read(name, chain),
                    lambda names: self._read_bases(names, location, chain),
                )
                self.written.extend(written)
            else:
                values, base = self._read_data(text, suffix, placeholders, chain)
        except ConfigError as error:
            error.args = tuple(map(placeholders.restore, error.args))
            raise
        root = make_node(ConfigDict, ("", source, "")) if base is None else base
        try:
            merge_into(root, values, source, "")
        except RecursionError:
            raise ConfigError(f"{location}: its values are nested too deeply") from None
        if _DEPRECATION in root:
            _warn(location, root.pop(_DEPRECATION))
        return Base(root, imported)

    def _read_data(
        self, text: str, suffix: str, placeholders: Placeholders, chain: tuple[str, ...]
    ) -> tuple[dict[str, Any], ConfigDict | None]:
        """Return the values of YAML, JSON or TOML, and those of its bases."""
        location = placeholders.location
        values = formats.parse(text, suffix, location)
        names = placeholders.fill(values.pop(BASE, []), {})  # no base is there yet

        def refuse(found: Iterator[tuple[str, str]]) -> None:
            for key, what in found if not self.trust else ():
                raise ConfigError(_untrusted(_place(key, text, suffix, location), what))

        refuse(self._custom_imports(values))
        refuse(_code_in_bases(names))
        try:
            base = self._read_bases(names, location, chain)
        except ConfigError as error:
            place = _place(BASE, text, suffix, location)
            if error.is_placed:
                error.add_note(f"which is a base of {place}")
                raise
            raise type(error)(f"{place}: {error}") from error.__cause__
        filled: dict[str, Any] = placeholders.fill(values, base or {})
        refuse(self._custom_imports(filled))  # a placeholder may have become that key
        return filled, base

    def _custom_imports(self, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if "custom_imports" in values and self.imports:
            yield "custom_imports", "custom_imports would import modules"

    def _read_bases(self, names: Any, location: str, chain: tuple[str, ...]) -> ConfigDict | None:
        """Return the combined values of the bases of a config."""
        if names and not chain:
            raise ConfigError(f"a text has no folder in which to find {BASE}")
        found = []
        for name in _check_names(names):
            values = self.read(locate(name, location), chain).values
            package, colons, _ = name.partition("::")
            if colons:
                _set_scope(values, package)
            found.append(values)
        return combine_bases(found) if found else None


def _check_names(given: Any) -> list[str]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{BASE} must be a file name or a list of file names; got {given!r}")
    return list(names)


def _set_scope(value: Any, scope: str) -> None:
    """Let the outermost parts of a value mean the library whose config has them."""
    if isinstance(value, Node) and "type" in value:
        if _SCOPE not in value:
            dict.__setitem__(value, _SCOPE, scope)
    elif isinstance(value, (dict, list, tuple)):
        for each in dict.values(value) if isinstance(value, dict) else value:
            _set_scope(each, scope)


def _code_in_bases(names: Any) -> Iterator[tuple[str, str]]:
    """Yield the key of each base that would run or fetch code, and what it would do."""
    for name in _check_names(names):
        if posixpath.splitext(name)[1] == formats.PYTHON:
            yield BASE, f"the base {name} would run as code"
        elif is_url(name):
            yield BASE, f"the base {name} would be fetched"


def _place(key: str, text: str, suffix: str, location: str) -> str:
    return f"{location}:{formats.map_lines(text, suffix).find([key])}"


def _untrusted(place: str, what: str) -> str:
    return (
        f"{place}: {what}; a text config is data and may not do so unless you trust it: "
        "Config.fromfile(..., trust=True), or --trust on the command line"
    )


def _warn(location: str, deprecation: Any) -> None:
    """Warn that a config is deprecated, as its `_deprecation_` says."""
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


def import_modules(cfg: Node) -> None:
    """Import the modules of a config: `custom_imports = dict(imports=['my_package.models'])`.

    Raises:
        ConfigTypeError: If that is no dictionary with names.
        ConfigImportError: If an import fails, unless the config has `allow_failed_imports=True`,
            which makes that a warning.
    """
    wanted = cfg["custom_imports"]
    place = cfg.__where__("custom_imports")
    names = wanted.get("imports", []) if isinstance(wanted, Mapping) else None
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ConfigTypeError(f"{place}: must be dict(imports=['package.module']); got {wanted!r}")
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            message = f"{place}: {name!r} can't be imported: {error}"
            if not wanted.get("allow_failed_imports", False):
                raise ConfigImportError(message) from error
            warnings.warn(message, ImportWarning, stacklevel=3)
