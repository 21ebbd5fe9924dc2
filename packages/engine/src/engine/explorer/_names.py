"""The names of trees of registries, with what each stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.lint import Resolved
from engine.registry import (
    DefaultScope,
    NotRegisteredError,
    PackageSource,
    Registry,
    ScopeImportError,
    Source,
)

from ._described import describe_target

Tell = Callable[[str], Any]


@dataclass
class Names:
    """All names of some trees, as plain data, and how to find them.

    Attributes:
        registries: The trees: each root with its nodes and sources.
        names: The names; each has an `id`, as in the address of the page: `'MODELS/timm.resnet18'`.
        by_target: The ids of a registered class or function, by its `id`.
        targets: The registered classes and functions, so that no other object gets their `id`.
        prefixes: The prefixes of the sources of each root.
    """

    registries: list[dict[str, Any]] = field(default_factory=list)
    names: list[dict[str, Any]] = field(default_factory=list)
    by_target: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    targets: list[Any] = field(default_factory=list)
    prefixes: dict[str, set[str]] = field(default_factory=dict)

    def add_hiding(self) -> None:
        """Tell each name that is hidden, too, by which others of its registry."""
        by_id = {each["id"]: each for each in self.names}
        for each in self.names:
            for key in each.get("hides", ()):
                if key in by_id and by_id[key]["registry"] == each["registry"]:
                    by_id[key].setdefault("hidden_by", []).append(each["id"])

    def find(self, resolved: Resolved, written: object) -> str | None:
        """Return the id of what a name in a config stands for, or None if it has none.

        Args:
            resolved: The result of its lookup.
            written: What the config says: a name, a class or a function.
        """
        label = resolved.registry
        name = written if isinstance(written, str) else ""
        if name.partition(".")[0] in self.prefixes.get(label, ()):
            return f"{label}/{name}"
        ids = self.by_target.get((label, id(resolved.target)), [])
        last = name.rpartition(".")[2]
        return next((each for each in ids if each.endswith(f".{last}")), ids[0] if ids else None)


def describe_names(roots: Mapping[str, Registry[Any]], sources: bool, tell: Tell) -> Names:
    """Return all names of some trees.

    Args:
        roots: The root registries by name.
        sources: Whether to ask the sources, which imports their packages.
        tell: Called with a message for what can't be imported or described.
    """
    found = Names()
    for label, root in roots.items():
        nodes = sorted(root.walk_down(), key=lambda node: (node is not root, node.scope))
        tree: dict[str, Any] = {"name": label, "holds": root.name, "nodes": [], "sources": []}
        found.registries.append(tree)
        found.prefixes[label] = {prefix for node in nodes for prefix in node.sources}
        for node in nodes:
            _add_node(found, label, node, tree, tell)
        for node in nodes:
            for prefix, source in node.sources.items():
                count = _add_source(found, label, prefix, source, tell) if sources else None
                tree["sources"].append({"prefix": prefix, "names": count})
    return found


def _add_node(
    found: Names, label: str, node: Registry[Any], tree: dict[str, Any], tell: Tell
) -> None:
    try:
        node.import_from_location()
    except ScopeImportError as error:
        tell(f"{node.label} is not complete: {error}")
    parent = None if node.parent is None else node.parent.scope
    tree["nodes"].append({"scope": node.scope, "parent": parent, "names": len(node.module_dict)})
    for name, target in sorted(node.module_dict.items()):
        key = f"{label}/{node.scope}.{name}"
        found.by_target.setdefault((label, id(target)), []).append(key)
        found.targets.append(target)
        found.names.append(
            {
                "id": key,
                "registry": label,
                "scope": node.scope,
                "name": name,
                "site": str(node.get_call_site(name)),
                **describe_target(target),
                **_explain(node, label, name),
            }
        )


def _explain(node: Registry[Any], label: str, name: str) -> dict[str, Any]:
    """Return what a name stands for and hides, as a build from its library finds it."""
    with DefaultScope.overwrite_default_scope(node.scope):
        explanation = node.explain(name)
    found = explanation.found
    hidden = [each.partition("::")[0] for each in explanation.shadows]
    return {
        "target": "" if found is None else found.target,
        "hides": [f"{label}/{scope}.{name}" for scope in hidden],
        "displaced": [] if found is None else [*found.displaced],
    }


def _add_source(found: Names, label: str, prefix: str, source: Source, tell: Tell) -> int | None:
    """Add the names of a source, and return how many there are; None if it can't be asked."""
    package = source if isinstance(source, PackageSource) else None
    try:
        names = [*(source if package is None else package.names())]
    except NotRegisteredError as error:
        tell(f"{prefix} is left out: {error}")
        return None
    facts = {} if package is None else {"target": package.package, "site": package.version}
    failures: list[str] = []
    for name in names:
        entry = {"id": f"{label}/{prefix}.{name}", "registry": label, "scope": prefix, "name": name}
        found.names.append({**entry, **facts, "source": True})
        try:
            found.names[-1] |= _describe_name(source, name)
        except Exception as error:  # noqa: BLE001  # whatever a package does
            failures.append(f"{name} ({type(error).__name__}: {error})")
    if failures:
        more = f" and {len(failures) - 1} more" if len(failures) > 1 else ""
        tell(f"{prefix} can't describe {failures[0]}{more}")
    return len(names)


def _describe_name(source: Source, name: str) -> dict[str, Any]:
    """Describe a name of a source, with the beginning of its docstring; all would be megabytes."""
    if isinstance(source, PackageSource):
        described = describe_target(source.get(name), source.original(name))
        described["weights"] = [*source.weights(name)]
    else:
        get = getattr(source, "get", None)
        described = {} if get is None else describe_target(get(name))
    if described:
        described["doc"], _, rest = described["doc"].partition("\n\n")
        described["is_cut"] = bool(rest)
    return described
