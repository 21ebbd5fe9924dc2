"""Reports of what is registered in the trees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ._registry import Registry
from ._roots import named_roots


def traverse_registry_tree(registry: Registry[Any], verbose: bool = True) -> list[dict[str, Any]]:
    """Return what is registered in each node of a tree, from its root down.

    Args:
        registry: Any node of the tree.
        verbose: Whether to print a line for each node as well.

    Returns:
        For each node `num_modules`, `scope`, and for each folder of the code (`'engine/hooks'`) the
        names that stand for a class or function in it; one with several names counts once.
    """
    report = []
    for node in registry.root.walk_down():
        node.import_from_location()
        names: dict[Any, str] = {}
        for name, module in node.module_dict.items():
            names.setdefault(module, name)
        entry: dict[str, Any] = {"num_modules": len(names), "scope": node.scope}
        for module, name in names.items():
            entry.setdefault(_folder_of(module), []).append(name)
        report.append(entry)
        if verbose:
            from rich import print as rich_print  # deferred: rich is slow to import

            rich_print(f"{node.label}: {len(names)} registered")
    return report


def _folder_of(module: object) -> str:
    name = str(getattr(module, "__module__", None))
    return (name.rpartition(".")[0] or name).replace(".", "/")


def count_registered_modules(save_path: str | None = None, verbose: bool = True) -> dict[str, Any]:
    """Count what is registered in the root registries and all below them.

    Args:
        save_path: A folder for the result, `modules_statistic_results.json`; None writes nothing.
        verbose: Whether to print a line for each node as well.

    Returns:
        The time of the scan (`scan_date`, ISO 8601), and under `registries` the nodes of each tree
        by the name of its root in `engine.registry`.
    """
    report: dict[str, Any] = {
        "scan_date": datetime.now(UTC).isoformat(timespec="seconds"),
        "registries": {
            name: traverse_registry_tree(root, verbose) for name, root in named_roots().items()
        },
    }
    if save_path is not None:
        folder = Path(save_path)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, indent=2)
        (folder / "modules_statistic_results.json").write_text(text, encoding="utf-8")
    return report
