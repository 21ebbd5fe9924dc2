"""Fragments of the changelog, one for each change, and the section that a release makes of them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from packaging.version import Version

from .programs import ReleaseError, run
from .workspace import Library

KINDS = ("breaking", "added", "changed", "fixed")
FRAGMENT = re.compile(rf"[^.]+\.({'|'.join(KINDS)})\.md")


def fragments(library: Library) -> dict[Path, str]:
    """Return the fragments of a library, and the kind of change of each.

    Raises:
        ReleaseError: One has a name that towncrier would pass over.
    """
    found: dict[Path, str] = {}
    for path in sorted((library.folder / "changes").glob("[!.]*")):
        named = FRAGMENT.fullmatch(path.name)
        if named is None:
            raise ReleaseError(
                f"{library.place}/changes/{path.name}: a fragment is named "
                f"+NAME.KIND.md, and KIND is one of {', '.join(KINDS)}"
            )
        found[path] = named[1]
    return found


def has_section(library: Library, version: Version) -> bool:
    """Tell whether the changelog of a library has a section of this version."""
    return f"\n## {version}\n" in _changelog(library).read_text(encoding="utf-8")


def add(library: Library, name: str, kind: str, text: str) -> None:
    """Add a fragment."""
    folder = library.folder / "changes"
    folder.mkdir(exist_ok=True)
    (folder / f"+{name}.{kind}.md").write_text(f"{text}\n", encoding="utf-8")


def write(library: Library, version: Version) -> None:
    """Make a section of the fragments, or extend one that is there, and remove the fragments."""
    used = fragments(library)
    if not used:
        return
    if not has_section(library, version):
        _towncrier(library, version, "--yes")
        return
    title = f"\n## {version}\n"
    added = _towncrier(library, version, "--draft").partition(title)[2]
    changelog = _changelog(library)
    before, _, after = changelog.read_text(encoding="utf-8").partition(title)
    section, older, rest = after.partition("\n## ")
    changelog.write_text(
        f"{before}{title}{section.rstrip()}\n{added.rstrip()}\n{older}{rest}", encoding="utf-8"
    )
    for path in used:
        path.unlink()


def _changelog(library: Library) -> Path:
    return library.folder / "CHANGELOG.md"


def _towncrier(library: Library, version: Version, option: str) -> str:
    """Run towncrier with the settings of the workspace, and return what it prints."""
    root = library.folder.parents[1]
    settings = ("--config", str(root / "pyproject.toml"), "--dir", str(library.folder))
    command = (sys.executable, "-m", "towncrier", "build", "--version", str(version))
    return run(*command, *settings, option, folder=root)
