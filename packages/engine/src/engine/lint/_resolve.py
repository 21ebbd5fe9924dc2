"""What the names in a config stand for, found as a build would find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine import registry as registries
from engine.registry import NotRegisteredError, Registry, ScopeImportError, ScopeNotInstalledError


@dataclass(frozen=True)
class Found:
    """What a name stands for.

    Attributes:
        target: The class or function.
        scope: The scope of the library that registered it, if one did.
        registry: The root registry of the tree that has it, by its name in `engine.registry`.
        shadows: The nodes behind that have the name as well, with the places of registration.
    """

    target: Callable[..., Any]
    scope: str | None
    registry: str
    shadows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missed:
    """Why a name stands for nothing.

    Attributes:
        message: What a build would say.
        suggestion: What may have been meant.
        kind: The word for it, as in `Finding`.
    """

    message: str
    suggestion: str | None = None
    kind: str = "unknown-type"

    @classmethod
    def of(cls, error: NotRegisteredError) -> Missed:
        """Make one of the error of a lookup."""
        headline, *searched = str(error).split("\n  ")
        message, _, meant = headline.partition("; did you mean ")
        if searched:
            message = f"{message} ({'; '.join(searched)})"
        suggestion = f"did you mean {meant}" if meant else None
        return cls(message, suggestion, _kind_of(error))

    @classmethod
    def nowhere(cls, name: str) -> Missed:
        """Make one for a name that no registry has."""
        return cls(f"no registry has {name!r}")


def _kind_of(error: NotRegisteredError) -> str:
    if isinstance(error, ScopeImportError):
        return "broken-library"
    return "missing-library" if isinstance(error, ScopeNotInstalledError) else "unknown-type"


@cache
def roots() -> dict[str, Registry[Any]]:
    """Return the root registries by their names in `engine.registry`."""
    found: dict[str, Registry[Any]] = {}
    for name in registries.__all__:
        value = getattr(registries, name)
        if isinstance(value, Registry) and value not in found.values():
            found[name] = value
    return found


def scope_error(scope: str, *, is_data: bool = False) -> NotRegisteredError | None:
    """Return why there is no library of a scope, or None if there is one.

    Args:
        scope: The scope, whose library is imported.
        is_data: Whether data names it, so that the library has to be announced.
    """
    if not is_data:
        registries.name_scope(scope)
    try:
        registries.MODELS.switch_scope_and_registry(scope)
    except NotRegisteredError as error:
        return error
    return None


def root_of(kind: str) -> Registry[Any]:
    """Return a root registry by its name in `engine.registry`."""
    root: Registry[Any] = getattr(registries, kind)
    return root


def label_of(node: Registry[Any]) -> str:
    """Return the name in `engine.registry` of the root registry of a tree.

    Args:
        node: A registry of the tree.
    """
    return next(label for label, root in roots().items() if root is node.root)


def look_up(node: Registry[Any], cfg: Mapping[str, Any], key: str = "type") -> Found | Missed:
    """Find what the value of a key names, where a build would look for it.

    Args:
        node: The registry that the build asks.
        cfg: The config.
        key: The key, whose value is a name.
    """
    name = cfg[key]
    kind = label_of(node)
    try:
        target = node.get_from(cfg, key)
    except NotRegisteredError as error:
        return Missed.of(error)
    told = node.explain(name)
    owner = told.found.node if told.found is not None else ""
    scope, colons, _ = owner.partition("::")
    return Found(target, scope if colons else None, kind, told.shadows)


def look_everywhere(cfg: Mapping[str, Any], around: type | None) -> Found | None:
    """Find a part in the tree of any root: a class may build its parts from wherever it likes.

    Args:
        cfg: The config of the part.
        around: The class that builds it, whose library is asked.
    """
    for root in roots().values():
        outcome = look_up(root.of_library(around) if around else root, cfg)
        if isinstance(outcome, Found):
            return outcome
    return None


def is_known(name: str, kind: str) -> bool:
    """Return whether a build from a root registry would find a name.

    Args:
        name: The name.
        kind: The root registry, by its name in `engine.registry`.
    """
    try:
        return name in root_of(kind)
    except NotRegisteredError:  # an import fails on the way
        return False


def nodes_of(root: Registry[Any]) -> Iterator[Registry[Any]]:
    """Yield the nodes of a tree, its root first and the others by their scopes."""
    yield root
    for _, child in sorted(root.children.items()):
        yield from nodes_of(child)
