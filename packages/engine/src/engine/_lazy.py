"""Lazy imports of public names."""

from __future__ import annotations

import lazy_loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    C = TypeVar("C", bound=type)


def attach_stub(
    package: str, filename: str
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Do as `lazy_loader.attach_stub` does, for stubs that import one name at a time.

    The stub is split into words. To parse it, and to import the parser, would take longer than all
    that `import engine` does otherwise.

    Args:
        package: The name of the package.
        filename: Its `__init__.py`; the stub is the `__init__.pyi` beside it.

    Returns:
        What the package takes for its `__getattr__`, `__dir__` and `__all__`.
    """
    names: dict[str, list[str]] = {}
    with open(f"{filename}i", encoding="utf-8") as stub:
        imports = stub.read().replace("(", " ").split("from .")[1:]
    for each in imports:  # module import Name as Name
        module, _, name, *_ = each.split()
        names.setdefault(module, []).append(name)
    attached: tuple[Callable[[str], object], Callable[[], list[str]], list[str]]
    attached = lazy_loader.attach(package, submod_attrs=names)
    return attached


def public(cls: C) -> C:
    """Name a class after the package that exports it: `engine.config.ConfigError`.

    Tracebacks and pickles show the name; without this, that of the private module.
    """
    cls.__module__ = cls.__module__.partition("._")[0]
    return cls
