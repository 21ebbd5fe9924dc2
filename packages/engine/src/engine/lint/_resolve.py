"""What the names in a config stand for, found as a build would find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    """

    target: Callable[..., Any]
    scope: str | None
    registry: str


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
        """Make one of the error of a look-up."""
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


def roots() -> dict[str, Registry[Any]]:
    """Return the root registries by their names in `engine.registry`."""
    found: dict[str, Registry[Any]] = {}
    for name in registries.__all__:
        value = getattr(registries, name)
        if isinstance(value, Registry) and value not in found.values():
            found[name] = value
    return found


def scope_error(scope: str) -> NotRegisteredError | None:
    """Return why there is no library of a scope, or None if there is one.

    Args:
        scope: The scope, whose library is imported.
    """
    try:
        registries.MODELS.switch_scope_and_registry(scope)
    except NotRegisteredError as error:
        nodes = (node for root in roots().values() for node in nodes_of(root))
        return None if any(node.scope == scope for node in nodes) else error
    return None


def look_up(
    name: str, kind: str, scope: str | None = None, by_engine: bool = True
) -> Found | Missed:
    """Find what a name stands for where a build would look for it.

    Args:
        name: The name.
        kind: The root registry, by its name in `engine.registry`.
        scope: The library that builds it, if it is not engine; its own registry is asked as well.
        by_engine: Whether engine builds it nevertheless, so that its registry is asked first.
    """
    root: Registry[Any] = getattr(registries, kind)
    own = None if scope is None else _node(root, scope)
    nodes = [root] if own in (None, root) else [root, own] if by_engine else [own, root]
    first: Missed | None = None
    for node in nodes:
        outcome = _ask(node, name, kind) if node is not None else None
        if isinstance(outcome, Found):
            return outcome
        first = first or outcome
    assert first is not None
    return first


def look_everywhere(name: str) -> Found | None:
    """Find a name in any root registry; a class may build its parts from wherever it likes."""
    for kind, root in roots().items():
        if is_known(name, kind):
            outcome = _ask(root, name, kind)
            return outcome if isinstance(outcome, Found) else None
    return None


def is_known(name: str, kind: str) -> bool:
    """Return whether a build from a root registry would find a name.

    Args:
        name: The name.
        kind: The root registry, by its name in `engine.registry`.
    """
    root: Registry[Any] = getattr(registries, kind)
    try:
        return name in root.start_of_build()
    except Exception:  # noqa: BLE001  # what the import of the module in a dotted path raises
        return False


def _ask(node: Registry[Any], name: str, kind: str) -> Found | Missed:
    try:
        start = node.start_of_build()
        target = start.get(name)
    except NotRegisteredError as error:
        return Missed.of(error)
    except Exception as error:  # noqa: BLE001  # what the import of the module in a dotted path raises
        told = f"the import for {name!r} fails: {type(error).__name__}: {error}"
        return Missed(told, kind="broken-library")
    return Found(target, _owner(start, name), kind)


def _owner(start: Registry[Any], name: str) -> str | None:
    found = start.explain(name).found
    scope, colons, _ = found.node.partition("::") if found is not None else ("", "", "")
    return scope if colons else None


def _node(root: Registry[Any], scope: str) -> Registry[Any] | None:
    return next((node for node in nodes_of(root) if node.scope == scope), None)


def nodes_of(root: Registry[Any]) -> Iterator[Registry[Any]]:
    """Yield the nodes of a tree, its root first and the others by their scopes."""
    yield root
    for _, child in sorted(root.children.items()):
        yield from nodes_of(child)
