"""The pages of the API reference: one for each public package, from what its sources say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import griffe

sys.path.append(str(Path(__file__).resolve().parents[1]))
from faces import names_in

Nav = list[dict[str, Any]]


@dataclass
class Page:
    """The page of a package.

    Args:
        package: Its dotted name.
        names: The public names that are documented here.
        elsewhere: Public names that are documented on the page of another package, and where.
        modules: The public modules that are documented here, and the names of each.
    """

    package: str
    names: list[str] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    modules: dict[str, list[str]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"reference/{self.package}.md"

    def __str__(self) -> str:
        text = f"---\ntitle: {self.package}\n---\n\n{_section(self.package, self.names, level=1)}"
        if self.elsewhere:
            links = ", ".join(f"[`{name}`][{path}]" for name, path in self.elsewhere.items())
            text += f"\nNames of other packages, which can be imported from here too: {links}.\n"
        for module, names in self.modules.items():
            text += f"\n{_section(module, names, level=2)}"
        return text


def _section(module: str, names: Sequence[str], level: int) -> str:
    options = f"heading_level: {level}\n      members: [{', '.join(names)}]"
    return f"::: {module}\n    options:\n      {options}\n"


def libraries(sources: Sequence[Path]) -> list[str]:
    """Return the names of the libraries in folders of sources."""
    return [stub.parent.name for source in sources for stub in source.glob("*/__init__.pyi")]


def write(folder: Path, sources: Sequence[Path]) -> Nav:
    """Write the pages of all libraries in folders of sources; return their navigation."""
    loader = griffe.GriffeLoader(search_paths=sources, allow_inspection=False)
    for name in libraries(sources):
        loader.load(name)
    loader.resolve_aliases(implicit=True, external=False)
    nav: Nav = []
    for name in sorted(libraries(sources)):
        pages = list(_pages(loader.modules_collection[name]))
        for page in pages:
            out = folder / page.path
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(str(page), "utf-8")
        nav.append({name: [{page.package: page.path} for page in pages]})
    return nav


def _pages(library: griffe.Module) -> Iterator[Page]:
    """Return the pages of a library, each public name on one of them.

    That is the page of the package that has it in its `__init__.pyi`; of several, of the one that
    it is defined in. A name that none has is public by its module, if that has no underscore, and
    is on the page of the package that the module is in.
    """
    modules = list(_modules(library))
    faces = {module.path: face for module in modules if (face := _face(module))}
    homes: dict[str, str] = {}
    for path in sorted(faces, key=lambda path: path.count(".")):
        for place in faces[path].values():
            if place not in homes or place.startswith(f"{path}."):
                homes[place] = path
    pages = {path: Page(path) for path in faces}
    for path, face in faces.items():
        for name, place in face.items():
            if homes[place] == path:
                pages[path].names.append(name)
            else:
                pages[path].elsewhere[name] = f"{homes[place]}.{place.rpartition('.')[2]}"
    for module in modules:
        names = [name for name in _defined(module) if f"{module.path}.{name}" not in homes]
        if names and module.path not in faces:
            package = next(path for path in _above(module.path) if path in faces)
            pages[package].modules[module.path] = names
    yield from pages.values()


def _above(path: str) -> Iterator[str]:
    """Return the packages around a module, the innermost first."""
    while path := path.rpartition(".")[0]:
        yield path


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    """Return a module and those in it that are public, in order of their names."""
    yield module
    for name in sorted(module.modules):
        inner = module.modules[name]
        if not name.startswith("_") and not inner.is_alias and name != "configs":
            yield from _modules(inner)


def _face(module: griffe.Module) -> dict[str, str]:
    """Return the names in the `__init__.pyi` of a package, and where each is defined."""
    names = names_in(module)
    return {name: module[name].canonical_path for name in names if not module[name].is_module}


def _defined(module: griffe.Module) -> list[str]:
    """Return the public names that a module defines, in its order."""
    return [
        name
        for name, member in module.members.items()
        if not member.is_alias and not member.is_module and not name.startswith("_")
        if member.has_docstring
    ]
