"""Imports of a Python config: a name whose import fails, and the paths under which names are known.

A config of a library that is not installed can be read, shown and compared: each name that can't be
imported is a `FailedImport`, which fails when something is built of it.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, NoReturn

from engine._lazy import public

Named = dict[int, tuple[Any, str]]
"""Classes and functions by their `id`, each with the path under which a config knows it."""


@public
class FailedImport:
    """A name that a Python config imports, and whose import failed.

    Its attributes are names of that kind as well. A dump writes its path; a build or a call fails,
    with the error of the import as the cause.

    Args:
        path: The dotted path of the name, as the config has it.
        error: Why it can't be imported.
        place: The file and line of the import.
    """

    def __init__(self, path: str, error: Exception, place: str) -> None:
        self._path, self._error, self._place = path, error, place

    def build(self) -> NoReturn:
        """Raise the error of the import.

        Raises:
            ImportError: Always; the error of the import is its cause.
        """
        kind = type(self._error).__name__
        raise ImportError(
            f"{self._path} ({self._place}) can't be imported: {kind}: {self._error}"
        ) from self._error

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self.build()

    def __getattr__(self, name: str) -> FailedImport:
        if name.startswith("__"):  # what Python itself looks for
            raise AttributeError(name)
        return FailedImport(f"{self._path}.{name}", self._error, self._place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FailedImport) and self._path == other._path

    def __hash__(self) -> int:
        return hash(self._path)

    def __deepcopy__(self, memo: dict[int, Any]) -> FailedImport:
        return self

    def __reduce__(self) -> tuple[type[FailedImport], tuple[str, Exception, str]]:
        error = ImportError(str(self._error))  # another class may not be made from its arguments
        return FailedImport, (self._path, error, self._place)

    def __str__(self) -> str:
        """Return the dotted path."""
        return self._path

    def __repr__(self) -> str:
        return f"<{self._path}, which can't be imported>"


def import_or_fail_later(
    name: str,
    wanted: Sequence[str],
    namespace: Mapping[str, Any],
    place: str,
    is_guarded: Callable[[], bool],
) -> Any:
    """Import a module as an `import` statement does; what can't be imported is a `FailedImport`.

    Args:
        name: The module.
        wanted: The names that the statement takes from it, if any.
        namespace: The names of the config.
        place: The file and line of the statement.
        is_guarded: Returns whether the statement stands where its errors may be handled, so that
            they are raised.
    """
    try:
        module = builtins.__import__(name, namespace, None, wanted)
    except Exception as error:  # whatever a library does when it is imported
        if "*" in wanted or is_guarded():  # nobody knows the names of a star import
            raise
        path = name if wanted else name.partition(".")[0]
        return FailedImport(path, error, place)
    failed = {}
    for each in wanted:
        try:
            if each != "*":
                getattr(module, each)
        except Exception as error:  # noqa: BLE001  # as above; a lazy package imports here
            failed[each] = FailedImport(f"{name}.{each}", error, place)
    if not failed or is_guarded():
        return module
    stand_in = ModuleType(name)
    vars(stand_in).update({each: getattr(module, each) for each in wanted if each not in failed})
    vars(stand_in).update(failed)
    return stand_in


def imported_paths(name: str, wanted: Sequence[str], module: Any) -> Iterator[str]:
    """Yield the dotted path of each name that an import assigns, in the order of assignment."""
    if not wanted:
        yield name
    elif "*" in wanted:
        public_names = (each for each in vars(module) if not each.startswith("_"))
        yield from (f"{name}.{each}" for each in getattr(module, "__all__", public_names))
    else:
        for each in wanted:
            if not hasattr(module, each):
                return  # which ends the import
            yield f"{name}.{each}"


def guarded_lines(tree: ast.Module) -> set[int]:
    """Return the lines within `try` and `with` blocks, which may handle an import that fails."""
    lines: set[int] = set()
    statements: list[Any] = [*tree.body]  # expressions hold no import
    for node in statements:
        body = getattr(node, "body", [])
        if isinstance(node, (ast.Try, ast.TryStar, ast.With)):
            lines.update(range(body[0].lineno, (body[-1].end_lineno or 0) + 1))
        for name in ("body", "orelse", "handlers", "finalbody"):
            statements += getattr(node, name, [])
    return lines


def attribute_paths(tree: ast.Module, imports: Mapping[str, str]) -> Iterator[str]:
    """Yield the dotted paths that a config writes by attributes of what it imports.

    Args:
        tree: The config.
        imports: The paths of the names that it imports.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root, *names = ast.unparse(node).split(".")
            if root in imports:
                yield ".".join([imports[root], *names])


def find_named(written: Iterable[str]) -> Named:
    """Return each class and function that one of these paths names, by its `id`, with the path."""
    found = {}
    for path in written:
        value = _find_loaded(path)
        if callable(value):
            found[id(value)] = value, path
    return found


def _find_loaded(path: str) -> Any:
    """Return what a dotted path names, if its module is loaded."""
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:count]))
        if found is not None:
            for name in parts[count:]:
                found = getattr(found, name, None)
            return found
    return None
