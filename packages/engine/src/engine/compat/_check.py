"""Which names of MMEngine a library uses, and where engine has them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from engine.config import package_folder

from ._modules import NAME, find_place, find_reason, is_name
from ._table import MODULES

Status = Literal["served", "served elsewhere", "absent"]

_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


class Use(NamedTuple):
    """A use of a name of MMEngine.

    Attributes:
        name: The name with its module, such as `'mmengine.hooks.Hook'`.
        status: Whether engine has it in the module of the same path, in another one, or not.
        place: Where engine has it, as `'engine.hooks:Hook'`; empty where it is absent.
        reason: Why it is absent, if that is known.
        file: The file that uses it, from the folder of an installed package on.
        line: The line.
        is_guarded: Whether the file does without it, in a `try` with `except ImportError`.
    """

    name: str
    status: Status
    place: str
    reason: str
    file: str
    line: int
    is_guarded: bool


def check(library: str) -> list[Use]:
    """List the names of MMEngine that a library uses; its text is read, and nothing imported.

    Args:
        library: The name of an installed package, or a folder or file of Python sources.

    Raises:
        FileNotFoundError: If there is neither.
        ValueError: If a file is not Python.
    """
    folder = package_folder(library)
    root = Path(library if folder is None else folder)
    if not root.exists():
        raise FileNotFoundError(f"there is no installed package, folder or file {library!r}")
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))
    start = root.parent if folder is not None else Path()
    return [use for file in files for use in _check_file(file, start)]


def _check_file(file: Path, start: Path) -> Iterator[Use]:
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that a later Python refuses
            tree = ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{file} is not Python: {error}") from error
    finder = _UseFinder()
    finder.visit(tree)
    shown = str(file.relative_to(start) if file.is_relative_to(start) else file)
    for name, line, is_guarded in finder.find():
        yield _judge(name, shown, line, is_guarded)


def _judge(name: str, file: str, line: int, is_guarded: bool) -> Use:
    parent, _, last = name.rpartition(".")
    below, module = name.partition(".")[2], parent.partition(".")[2]
    place: str | None
    if below in MODULES and not is_name(module, last):
        place = MODULES[below][0]
        is_same = place == f"engine.{below}".rstrip(".")
    else:
        place = find_place(module, last) if module in MODULES else None
        is_same = place == f"engine{parent.removeprefix(NAME)}:{last}"
    if place is None:
        reason = find_reason(below) or find_reason(module) or find_reason(last)
        return Use(name, "absent", "", reason or "", file, line, is_guarded)
    status: Status = "served" if is_same else "served elsewhere"
    return Use(name, status, place, "", file, line, is_guarded)


class _UseFinder(ast.NodeVisitor):
    """Collects the imports of MMEngine in a file, and the attributes of what they bind."""

    def __init__(self) -> None:
        self._bound: dict[str, str] = {}
        self._imports: list[tuple[str, int, bool]] = []
        self._chains: list[tuple[list[str], int, bool]] = []
        self._guards = 0

    def find(self) -> Iterator[tuple[str, int, bool]]:
        """Yield each name with its line, and whether the file does without it."""
        yield from self._imports
        for (first, *rest), line, is_guarded in self._chains:
            if (module := self._bound.get(first)) is not None:
                name = _cut(f"{module}.{'.'.join(rest)}")
                if name.partition(".")[2] not in MODULES:
                    yield name, line, is_guarded

    def visit_Import(self, node: ast.Import) -> None:
        """Note modules that are imported."""
        for alias in node.names:
            if alias.name.partition(".")[0] == NAME:
                self._bound[alias.asname or NAME] = alias.name if alias.asname else NAME
                self._imports.append((alias.name, node.lineno, self._guards > 0))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Note names that are imported from a module."""
        if node.level or (node.module or "").partition(".")[0] != NAME:
            return
        for alias in node.names:
            name = f"{node.module}.{alias.name}" if alias.name != "*" else str(node.module)
            self._imports.append((name, node.lineno, self._guards > 0))
            if name.partition(".")[2] in MODULES and not is_name(
                str(node.module).partition(".")[2], alias.name
            ):
                self._bound[alias.asname or alias.name] = name

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note a chain of attributes that begins with a name."""
        names: list[str] = [node.attr]
        value = node.value
        while isinstance(value, ast.Attribute):
            names.append(value.attr)
            value = value.value
        if isinstance(value, ast.Name):
            self._chains.append(([value.id, *reversed(names)], node.lineno, self._guards > 0))
        else:
            self.visit(value)

    def visit_Try(self, node: ast.Try) -> None:
        """Visit a block that may fail for want of a name."""
        is_guard = any(_catches_import_error(handler) for handler in node.handlers)
        self._guards += is_guard
        for each in node.body:
            self.visit(each)
        self._guards -= is_guard
        for other in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(other)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(
        isinstance(each, ast.Name) and each.id in _IMPORT_ERRORS for each in ast.walk(handler.type)
    )


def _cut(name: str) -> str:
    """Cut what follows the first name that is no module: attributes of a class, for example."""
    parts = name.split(".")
    for end in range(2, len(parts) + 1):
        if ".".join(parts[1:end]) not in MODULES:
            return ".".join(parts[:end])
    return name
