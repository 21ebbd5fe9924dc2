"""Resolve the names in a config as a build does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine import registry as registries
from engine.registry import NotRegisteredError, Registry, ScopeImportError, ScopeNotInstalledError


@dataclass(frozen=True)
class Resolved:
    """The result of a lookup.

    Attributes:
        target: The class or function.
        scope: The scope of the library that registered it, if one did.
        registry: The root registry of the tree that has it, by its name in `engine.registry`.
        shadows: The nodes later in the order that have the name too, with their call sites.
    """

    target: Callable[..., Any]
    scope: str | None
    registry: str
    shadows: tuple[str, ...] = ()


@dataclass(frozen=True)
class LookupFailure:
    """The failure of a lookup.

    Attributes:
        message: The message of the build.
        suggestion: What was probably meant.
        kind: The kind, as in `Finding`.
    """

    message: str
    suggestion: str | None = None
    kind: str = "unknown-type"

    @classmethod
    def from_error(cls, error: NotRegisteredError) -> LookupFailure:
        """Make one from the error of a lookup."""
        headline, *searched = str(error).split("\n  ")
        message, _, meant = headline.partition("; did you mean ")
        if searched:
            message = f"{message} ({'; '.join(searched)})"
        suggestion = f"did you mean {meant}" if meant else None
        kind = "unknown-type"
        if isinstance(error, ScopeImportError):
            kind = "broken-library"
        elif isinstance(error, ScopeNotInstalledError):
            kind = "missing-library"
        return cls(message, suggestion, kind)

    @classmethod
    def unknown(cls, name: str) -> LookupFailure:
        """Make one for a name that no registry has."""
        return cls(f"no registry has {name!r}")


@cache
def roots() -> dict[str, Registry[Any]]:
    """Return the root registries by their names in `engine.registry`."""
    found: dict[str, Registry[Any]] = {}
    for name in dir(registries):
        value = getattr(registries, name)
        if isinstance(value, Registry) and value not in found.values():
            found[name] = value
    return found


def find_scope_error(scope: str, *, is_data: bool = False) -> NotRegisteredError | None:
    """Return the error for a scope without a library, or None if there is one.

    Args:
        scope: The scope, whose library is imported.
        is_data: Whether data names it, so that the library must be announced.
    """
    if not is_data:
        registries.name_scope(scope)
    try:
        registries.MODELS.get_node(scope)
    except NotRegisteredError as error:
        return error
    return None


def get_root(kind: str) -> Registry[Any]:
    """Return a root registry by its name in `engine.registry`."""
    root: Registry[Any] = getattr(registries, kind)
    return root


def get_root_name(node: Registry[Any]) -> str:
    """Return the name in `engine.registry` of the root registry of a tree.

    Args:
        node: A registry of the tree.
    """
    return next(label for label, root in roots().items() if root is node.root)


def look_up(
    node: Registry[Any], cfg: Mapping[str, Any], key: str = "type"
) -> Resolved | LookupFailure:
    """Look up what the value of a key names, as a build does.

    Args:
        node: The registry that is asked.
        cfg: The config.
        key: The key; its value is a name.
    """
    name = cfg[key]
    kind = get_root_name(node)
    try:
        target = node.get_from(cfg, key)
    except NotRegisteredError as error:
        return LookupFailure.from_error(error)
    explanation = node.explain(name)
    owner = explanation.found.node if explanation.found is not None else ""
    scope, colons, _ = owner.partition("::")
    return Resolved(target, scope if colons else None, kind, explanation.shadows)


def look_up_everywhere(cfg: Mapping[str, Any], parent: type | None) -> Resolved | None:
    """Look a part up in the trees of all roots, since a class may build its parts from any.

    Args:
        cfg: The config of the part.
        parent: The class that builds it; its library is asked.
    """
    for root in roots().values():
        outcome = look_up(root.of_library(parent) if parent else root, cfg)
        if isinstance(outcome, Resolved):
            return outcome
    return None


def is_known(name: str, kind: str) -> bool:
    """Return whether a build from a root registry would find a name.

    Args:
        name: The name.
        kind: The root registry, by its name in `engine.registry`.
    """
    try:
        return name in get_root(kind)
    except NotRegisteredError:  # an import fails on the way
        return False
