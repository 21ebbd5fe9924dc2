"""Lazy public faces of packages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import lazy_loader

C = TypeVar("C", bound=type)


def attach_stub(
    package: str, filename: str
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Do as `lazy_loader.attach_stub` does, for stubs with one import on a line.

    Such a stub is read line by line. To parse it, and to import the parser, would take longer than
    all that `import engine` does otherwise.

    Args:
        package: The name of the package.
        filename: Its `__init__.py`; the stub is the `__init__.pyi` beside it.

    Returns:
        What the package takes for its `__getattr__`, `__dir__` and `__all__`.
    """
    names: dict[str, list[str]] = {}
    with open(f"{filename}i", encoding="utf-8") as stub:
        for line in stub:
            words = line.split()
            if len(words) == 6 and words[0] == "from":  # from .module import Name as Name
                names.setdefault(words[1][1:], []).append(words[3])
    attached: tuple[Callable[[str], object], Callable[[], list[str]], list[str]]
    attached = lazy_loader.attach(package, submod_attrs=names)
    return attached


def public(cls: C) -> C:
    """Name a class after the package that exports it: `engine.config.ConfigError`.

    Tracebacks and pickles show the name; without this, that of the private module.
    """
    cls.__module__ = cls.__module__.partition("._")[0]
    return cls
