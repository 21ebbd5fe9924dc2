"""The libraries of the workspace, their versions, and the ranges that they require."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .programs import ReleaseError
from .versions import compatible_range

EXAMPLE = "tests/integration/mmgamma/pyproject.toml"
GUIDE = "docs/your-library.md"  # shows the one above
ALIAS = "src/engine/compat/alias/mmengine.dist-info/METADATA"

VERSION = re.compile(r'^version = "[^"]*"$', re.MULTILINE)
ALIAS_VERSION = re.compile(r"(?<=\+engine\.)\S+")
REQUIREMENT = re.compile(r'"(?P<name>[\w-]+)(?P<range>[<>=~!][^"\[;]*)"')


class Library:
    """A library, in a folder below `packages`.

    Args:
        folder: The one of its `pyproject.toml`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "pyproject.toml"
        self.name: str = self.project["name"]
        self.place = f"packages/{folder.name}"

    @property
    def project(self) -> dict[str, Any]:
        """The table `project` of its settings, as they are now."""
        table: dict[str, Any] = tomllib.loads(self.settings.read_text(encoding="utf-8"))["project"]
        return table

    @property
    def version(self) -> Version:
        """The version that its settings say."""
        return Version(self.project["version"])

    def requirements(self, extra: str = "") -> list[Requirement]:
        """Return what it needs, with an extra if it has that."""
        extras = self.project.get("optional-dependencies", {})
        return list(map(Requirement, (*self.project["dependencies"], *extras.get(extra, ()))))

    def range_of(self, name: str) -> SpecifierSet | None:
        """Return the range that it requires of another library, in an extra or always."""
        extras = self.project.get("optional-dependencies", {})
        for text in chain(self.project["dependencies"], *extras.values()):
            requirement = Requirement(text)
            if requirement.name == name and requirement.specifier:
                return requirement.specifier
        return None

    def set_version(self, version: Version) -> None:
        """Write the version into its settings, and into the alias package that engine has."""
        _rewrite(self.settings, VERSION, f'version = "{version}"')
        if (alias := self.folder / ALIAS).exists():
            _rewrite(alias, ALIAS_VERSION, str(version))


class Workspace:
    """The libraries of a work tree.

    Args:
        folder: Its root.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = map(
            Library, sorted(path.parent for path in folder.glob("packages/*/pyproject.toml"))
        )
        self.libraries = {library.name: library for library in found}

    def library(self, name: str) -> Library:
        """Return the library of this name."""
        if name not in self.libraries:
            raise ReleaseError(
                f"there is no library {name!r}; there are {', '.join(self.libraries)}"
            )
        return self.libraries[name]

    def siblings(self, library: Library) -> Iterator[Library]:
        """Return the other libraries, each after those that it requires."""
        left = [other for other in self.libraries.values() if other.name != library.name]
        while left:
            ready = next(one for one in left if not any(one.range_of(o.name) for o in left))
            left.remove(ready)
            yield ready

    def admit(self, library: Library) -> list[Library]:
        """Move the ranges that the version of a library is not in.

        Returns:
            The libraries whose ranges moved, in the order in which to release them.
        """
        version = library.version

        def moved(found: re.Match[str]) -> str:
            if found["name"] != library.name or version in SpecifierSet(found["range"]):
                return found[0]
            return f'"{library.name}{compatible_range(version)}"'

        behind = [
            sibling
            for sibling in self.siblings(library)
            if (admitted := sibling.range_of(library.name)) and version not in admitted
        ]
        for path in (*(one.settings for one in behind), self.folder / EXAMPLE, self.folder / GUIDE):
            if path.exists():
                text = path.read_text(encoding="utf-8")
                path.write_text(REQUIREMENT.sub(moved, text), encoding="utf-8")
        return behind


def _rewrite(path: Path, pattern: re.Pattern[str], text: str) -> None:
    old = path.read_text(encoding="utf-8")
    new, count = pattern.subn(text, old, count=1)
    if not count:
        raise ReleaseError(f"{path}: nothing matches {pattern.pattern!r}")
    path.write_text(new, encoding="utf-8")
