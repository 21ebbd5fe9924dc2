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
    return _heading(version) in _changelog(library).read_text(encoding="utf-8")


def add(library: Library, name: str, kind: str, text: str) -> None:
    """Add a fragment."""
    folder = library.folder / "changes"
    folder.mkdir(exist_ok=True)
    (folder / f"+{name}.{kind}.md").write_text(f"{text}\n", encoding="utf-8")


def write(library: Library, version: Version) -> None:
    """Move the fragments into the section of a version, which may be there already."""
    used = fragments(library)
    if not used:
        return
    heading = _heading(version)
    added = _draft(library, version).removeprefix(heading.lstrip()).strip()
    changelog = _changelog(library)
    text = changelog.read_text(encoding="utf-8")
    if heading not in text:
        title, end, older = text.partition("\n")
        text = f"{title}{end}{heading}{older}"
    before, _, after = text.partition(heading)
    section, following, older = after.partition("\n## ")
    parts = filter(None, (section.strip(), added))
    text = f"{before}{heading}\n" + "\n\n".join(parts) + f"\n{following}{older}"
    changelog.write_text(text, encoding="utf-8")
    for path in used:
        path.unlink()


def _heading(version: Version) -> str:
    return f"\n## {version}\n"


def _changelog(library: Library) -> Path:
    return library.folder / "CHANGELOG.md"


def _draft(library: Library, version: Version) -> str:
    """Return the section that towncrier makes of the fragments."""
    root = library.folder.parents[1]
    settings = ("--config", str(root / "pyproject.toml"), "--dir", str(library.folder))
    command = (sys.executable, "-m", "towncrier", "build", "--draft", "--version", str(version))
    return run(*command, *settings, folder=root)
