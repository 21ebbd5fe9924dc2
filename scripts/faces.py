"""The public names of packages: those that a face imports, its `__init__.pyi`.

`scripts/interface`, `scripts/release` and `scripts/docs` read them here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import griffe


def modules_of(package: griffe.Module) -> Iterator[griffe.Module]:
    """Return the modules in a package, and not those that it imports."""
    for module in package.members.values():
        if isinstance(module, griffe.Module):
            yield module


def names_in(package: griffe.Module) -> list[str]:
    """Return the names that the face of a package imports; a module without a face has none."""
    assert isinstance(package.filepath, Path)
    face = package.filepath.with_name("__init__.pyi")
    if not package.is_init_module or not face.exists():
        return []
    body = ast.parse(face.read_text("utf-8")).body
    imports = [statement for statement in body if isinstance(statement, ast.ImportFrom)]
    return [alias.asname or alias.name for statement in imports for alias in statement.names]
