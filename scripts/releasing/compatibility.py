"""Breaking changes of a public interface, found in the sources."""

from __future__ import annotations

import sys
from pathlib import Path

import griffe

from faces import modules_of, names_in

from .programs import run
from .workspace import Library


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


def _load(package: str, library: Path) -> griffe.Module:
    """Read a package in which what faces name is public, whatever griffe thinks of it."""
    module = griffe.load(package, search_paths=[library / "src"], allow_inspection=False)
    assert isinstance(module, griffe.Module)
    _publish(module)
    return module


def _publish(package: griffe.Module) -> None:
    for name in names_in(package):
        package.members[name].public = True
    for module in modules_of(package):
        _publish(module)


def _line(breakage: griffe.Breakage, old: Path, new: Path) -> str:
    changed: griffe.Object | griffe.Alias = breakage.obj
    if isinstance(changed, griffe.Alias) and changed.parent:  # in a face
        path, line = Path(f"{changed.parent.filepath}i"), changed.alias_lineno
    else:
        path, line = Path(str(changed.filepath)), changed.lineno
    library = new if path.is_relative_to(new) else old
    change = breakage.explain(griffe.ExplanationStyle.MARKDOWN).removeprefix("- ")
    return f"{path.relative_to(library.parents[1])}:{line}: {change}"
