"""Breaking changes of a public interface, found in the sources."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import griffe

from .programs import run
from .workspace import Library


class Faces(griffe.Extension):
    """Takes what a face exports, `from ._ema import EMAHook as EMAHook`, for public."""

    def on_alias_instance(
        self, *, node: ast.AST | griffe.ObjectNode, alias: griffe.Alias, **kwargs: Any
    ) -> None:
        """Mark an import under its own name."""
        if isinstance(node, ast.ImportFrom):
            alias.public = any(name.name == name.asname == alias.name for name in node.names)


def breaking_changes(package: str, old: Path, new: Path) -> list[str]:
    """Compare the public interfaces of two versions of a package.

    Nothing of them is imported.

    Args:
        package: The name of the package, which is in `src` of both folders.
        old: The folder of the library in one work tree.
        new: The folder of the library in the other.

    Returns:
        A line for each change that may break a user's code: file and line, what, and how. What is
        gone is named where it was.
    """
    before, after = (_load(package, folder) for folder in (old, new))
    found = griffe.find_breaking_changes(before, after)
    return [_line(breakage, old, new) for breakage in found]


def write_interface(library: Library, root: Path) -> None:
    """Make the public names of a library those of its last release, in its `interface.txt`."""
    run(sys.executable, root / "scripts" / "interface", "--write", library.folder, folder=root)


def _load(package: str, library: Path) -> griffe.Object | griffe.Alias:
    return griffe.load(
        package,
        search_paths=[library / "src"],
        allow_inspection=False,
        extensions=griffe.Extensions(Faces()),
    )


def _line(breakage: griffe.Breakage, old: Path, new: Path) -> str:
    changed: griffe.Object | griffe.Alias = breakage.obj
    if isinstance(changed, griffe.Alias) and changed.parent:  # in a face
        path, line = Path(f"{changed.parent.filepath}i"), changed.alias_lineno
    else:
        path, line = Path(str(changed.filepath)), changed.lineno
    library = new if path.is_relative_to(new) else old
    change = breakage.explain(griffe.ExplanationStyle.MARKDOWN).removeprefix("- ")
    return f"{path.relative_to(library.parents[1])}:{line}: {change}"
