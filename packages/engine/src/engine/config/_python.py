"""Python configs: the code runs, and its names become the config."""

from __future__ import annotations

import ast
import builtins
import functools
import posixpath
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from engine.utils import did_you_mean, is_url

from ._config_dict import ConfigDict
from ._errors import ConfigError, ConfigNotFoundError
from ._imports import (
    FailedImport,
    attribute_paths,
    guarded_lines,
    import_or_fail_later,
    imported_paths,
)
from ._limits import TOO_MANY_DIGITS, max_digits
from ._node import make_node, origin_of, record_origin
from ._paths import locate, package_folder
from ._placeholders import Placeholders
from ._provenance import Origin, Source
from ._python_dump import dumps
from ._python_line_map import map_lines
from ._python_placeholders import fill_tree
from ._read_base import Namespace

__all__ = ["BASE", "NAME", "STRING", "dumps", "map_lines", "run_config"]

BASE = "_base_"
STRING = "<string>"
"""The name of a config that is no file."""

NAME = "__config__"
"""The `__name__` of a config."""

_DEFINABLE = (FunctionType, BuiltinFunctionType, type)
_WITH_NAMES = (ModuleType, FailedImport)

Imported = dict[str, tuple[Any, str]]
"""What a config imports: by name, the object and its dotted path."""


class Base(NamedTuple):
    """A config that another one has as its base.

    Attributes:
        values: Its values, merged into those of its own bases.
        imported: What it imports.
    """

    values: ConfigDict
    imported: Imported


class Ran(NamedTuple):
    """What a Python config gives.

    Attributes:
        own: Its own values.
        base: Those of its bases, if it assigns `_base_`.
        imported: What it imports.
        written: The dotted paths by which it names classes and functions.
    """

    own: ConfigDict
    base: ConfigDict | None
    imported: Imported
    written: list[str]


class _Names(Namespace):
    """The names of a Python config, which read its bases.

    An assignment to `_base_` reads the bases, and from then on `_base_` holds their values:
    `lr = _base_.lr / 2`. An import within `with read_base():` reads one base.

    Args:
        location: The path or URL of the config.
        parse: Returns the syntax tree of the config, which tells the imports that handle their
            errors; what another one can't import becomes a `FailedImport`.
        read: Reads a config.
        read_all: Reads the bases that are assigned to `_base_`.

    Attributes:
        imports: The dotted path of each name that is imported.
    """

    def __init__(
        self,
        location: str,
        parse: Callable[[], ast.Module],
        read: Callable[[str], Base],
        read_all: Callable[[Any], ConfigDict | None],
    ) -> None:
        super().__init__(__file__=location, __name__=NAME)
        sys.modules.setdefault(NAME, ModuleType(NAME))  # data classes look for their module
        super().__setitem__("__builtins__", {**vars(builtins), "__import__": self._import})
        self.base: ConfigDict | None = None
        self.inherited: dict[str, tuple[Any, Origin]] = {}
        self.imports: dict[str, str] = {}
        self._due: list[str] = []  # the paths of the next names, which an import assigns
        self._of_bases: Imported = {}
        self._location = location
        self._parse = parse
        self._read = read
        self._read_all = read_all

    def __setitem__(self, name: str, value: Any) -> None:
        if name == BASE:
            value = self.base = self._read_all(value)
        if self._due:
            path = self._due.pop(0)
            is_top = isinstance(value, ModuleType) and value.__name__ == name  # `import a.b`
            self.imports[name] = name if is_top else path
        elif self.imports_bases and name in self._of_bases and self._of_bases[name][0] is value:
            self.imports[name] = self._of_bases[name][1]
        else:
            self.imports.pop(name, None)
        super().__setitem__(name, value)

    def values_of(self, source: Source) -> ConfigDict:
        """Return the names of the config itself, each with its origin.

        Args:
            source: The text of the config.
        """
        own = make_node(ConfigDict, ("", source, ""))
        for name, value in dict.items(self):
            if name.startswith("__") or name == BASE or name in self.imports:
                continue
            if isinstance(value, ModuleType) or _is_defined_here(value):
                continue
            dict.__setitem__(own, name, value)
            if name in self.inherited:
                before, former = self.inherited[name]
                origin = former if value is before else Origin(source, name, before, former)
                record_origin(own, name, origin)
        return own

    def imported(self) -> Imported:
        """Return what the config imports, for configs that have it as a base."""
        return {name: (self[name], path) for name, path in self.imports.items() if name in self}

    @functools.cached_property
    def _guarded_lines(self) -> set[int]:
        return guarded_lines(self._parse())  # in most configs no import fails

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # the names that Python gives
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if isinstance(fromlist, list):  # of C code, as `PyImport_Import` calls it, and no statement
            return builtins.__import__(name, globals, locals, fromlist, level)
        if self.imports_bases:
            return self._base_module(name, fromlist or (), level)
        if level:
            raise ConfigError("a base is imported within `with read_base():`")
        wanted, frame = fromlist or (), sys._getframe(1)
        if frame.f_locals is not self:  # within a function
            return builtins.__import__(name, globals, locals, wanted)
        line = frame.f_lineno
        place = f"{self._location}:{line}"
        module = import_or_fail_later(
            name, wanted, self, place, lambda: line in self._guarded_lines
        )
        self._due = [*imported_paths(name, wanted, module)]
        return module

    def _base_module(self, name: str, wanted: Sequence[str], level: int) -> ModuleType:
        """Return the base config of an import as a module, whose names are its values."""
        if self._location == STRING:
            raise ConfigError("a text has no folder in which to find a base")
        if not wanted:
            raise ConfigError(
                "within `with read_base():` a base is imported, as `from .base import *`; "
                f"import {name} outside of it"
            )
        stem = self._stem(name, level)
        if not is_url(stem) and Path(stem).is_dir():
            folder = ModuleType(name)
            vars(folder).update({each: self._module(f"{stem}/{each}", each) for each in wanted})
            return folder
        module = self._module(stem, name)
        for each in wanted:
            if each == "*":
                self._inherit(module, [*module.__origins__])
                self._of_bases |= module.__imported__
            elif each not in vars(module):
                hint = did_you_mean(each, module.__origins__)
                raise ConfigError(f"{module.__file__} has no key {each!r}{hint}")
            else:
                self._inherit(module, [each])
        return module

    def _inherit(self, module: ModuleType, names: Sequence[str]) -> None:
        """Record the origins of names that come from a base."""
        for name in names:
            origin: Origin = module.__origins__[name]
            if name in self.inherited:  # one base over another
                before, former = self.inherited[name]
                origin = Origin(origin.source, origin.path, before, former)
            self.inherited[name] = (vars(module)[name], origin)

    def _module(self, stem: str, name: str) -> ModuleType:
        location = locate(f"{stem}.py")
        values, imported = self._read(location)
        module = ModuleType(name)
        vars(module).update({each: value for each, (value, _) in imported.items()})
        vars(module).update(dict.items(values))
        module.__file__ = location
        module.__all__ = [*values, *(each for each in imported if each not in values)]  # type: ignore[attr-defined]  # a star import goes by it
        module.__imported__ = imported  # type: ignore[attr-defined]
        module.__origins__ = {key: origin_of(values, key) for key in values}  # type: ignore[attr-defined]
        return module

    def _stem(self, name: str, level: int) -> str:
        """Return the path of the config of an import, without its suffix."""
        folder, parts = posixpath.dirname(self._location) or ".", name.split(".") if name else []
        if not level:
            home = package_folder(parts[0])
            if home is None:
                raise ConfigNotFoundError(f"there is no package {parts[0]!r} with configs")
            folder, parts = home, parts[1:]
        for _ in range(level - 1):
            folder = posixpath.join(folder, "..") if not is_url(folder) else _parent_of(folder)
        return posixpath.join(folder, *parts)


def _is_defined_here(value: Any) -> bool:
    """Return whether a value is a class or function that a config defines."""
    return isinstance(value, _DEFINABLE) and value.__module__ == NAME


def _parent_of(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{posixpath.dirname(rest)}"


def run_config(
    text: str,
    placeholders: Placeholders,
    source: Source,
    read: Callable[[str], Base],
    read_all: Callable[[Any], ConfigDict | None],
) -> Ran:
    """Run a Python config.

    Args:
        text: The config, with the tokens of its placeholders; its code may do anything.
        placeholders: Its placeholders.
        source: The source of its values.
        read: Reads the config of an import.
        read_all: Reads the configs of `_base_`.

    Raises:
        ConfigError: If the code is malformed or fails; it names file and line.
    """
    location = placeholders.location
    parse = functools.cache(lambda: fill_tree(ast.parse(text, location), placeholders))
    try:
        code: CodeType = compile(
            parse() if placeholders else text, location, "exec", dont_inherit=True
        )
    except ConfigError:
        raise
    except SyntaxError as error:
        raise ConfigError(_format_syntax_error(error, location)) from error
    except ValueError as error:  # of null bytes, before Python 3.11.4
        raise ConfigError(f"{location}: {error}") from error
    names = _Names(location, parse, read, read_all)
    try:
        exec(code, names)  # noqa: S102  # a Python config is code, by design
    except SyntaxError as error:  # of a module that it imports
        raise ConfigError(_format_syntax_error(error, location)) from error
    except ConfigError as error:
        place = f"{location}:{_line_of(error, location)}"
        if error.is_placed:
            error.add_note(f"which is a base of {place}")
            raise
        raise type(error)(f"{place}: {error}") from error.__cause__
    except Exception as error:
        place = f"{location}:{_line_of(error, location)}"
        raise ConfigError(f"{place}: {type(error).__name__}: {error}") from error
    imported = names.imported()
    has_modules = any(isinstance(value, _WITH_NAMES) for value, _ in imported.values())
    written = [*names.imports.values()]
    if has_modules:
        written += attribute_paths(parse(), names.imports)
    return Ran(names.values_of(source), names.base, imported, written)


def _format_syntax_error(error: SyntaxError, location: str) -> str:
    place = location if error.lineno is None else f"{error.filename}:{error.lineno}"
    if str(error.msg).startswith(TOO_MANY_DIGITS):
        return f"{place}: an integer has at most {max_digits()} digits, if it is not hexadecimal"
    line = f"\n  {error.text.strip()}" if error.text else ""
    return f"{place}: {error.msg}{line}"


def _line_of(error: Exception, location: str) -> int | str:
    """Return the line of the config in which an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == location]
    return lines[-1] or "?" if lines else "?"
