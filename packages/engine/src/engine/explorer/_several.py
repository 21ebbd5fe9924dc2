"""The names of registries of several sources, such as `BACKBONE_REGISTRY`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.registry import MultiSourceRegistry, Registry, path_of

from ._described import describe_target, unbind
from ._names import Names


def add_several(
    found: Names,
    label: str,
    root: MultiSourceRegistry[Any],
    trees: Mapping[str, Registry[Any]],
    sources: bool,
) -> None:
    """Add the names of a registry of several sources.

    Args:
        found: The names of the trees.
        label: What the registry is called.
        root: The registry; a source that a tree has as well is told by reference.
        trees: The trees.
        sources: Whether to ask other packages which of the names they have too.
    """
    elsewhere = {
        id(source): f"{name}/{prefix}"
        for name, tree in trees.items()
        for node in tree.walk_down()
        for prefix, source in node.sources.items()
    }
    tree: dict[str, Any] = {"name": label, "holds": root.name, "nodes": [], "sources": []}
    found.registries.append(tree)
    for prefix, source in root.items():
        if not isinstance(source, Registry):
            told = {"prefix": prefix, "names": None, "see": elsewhere.get(id(source))}
            tree["sources"].append(told)
            continue
        tree["nodes"].append({"scope": prefix, "parent": None, "names": len(source)})
        for name in sorted(source):
            target = source.module_dict[name]
            found.names.append(
                {
                    "id": f"{label}/{prefix}_{name}",
                    "registry": label,
                    "scope": prefix,
                    "name": name,
                    "target": path_of(unbind(target)),
                    "site": str(source.get_call_site(name)),
                    **describe_target(target),
                    "hides": _list_hidden(label, root, prefix, name, elsewhere) if sources else [],
                }
            )


def _list_hidden(
    label: str,
    root: MultiSourceRegistry[Any],
    prefix: str,
    name: str,
    elsewhere: Mapping[int, str],
) -> list[str]:
    """Return what a name without a prefix does not mean, since an earlier source has it."""
    explanation = root.explain(name)
    if explanation.found is None or explanation.found.node != f"source {prefix}":
        return []
    hidden = []
    for each in explanation.shadows:
        other = each.removesuffix(f"_{name}")
        see = elsewhere.get(id(root[other]))
        hidden.append(f"{label}/{each}" if see is None else f"{see}.{name}")
    return hidden
