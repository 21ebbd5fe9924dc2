"""Reports of what is registered in the trees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ._registry import Registry
from ._roots import all_roots


def traverse_registry_tree(registry: Registry[Any], verbose: bool = True) -> list[dict[str, Any]]:
    """Return what is registered in each node of a tree, from its root down.

    Args:
        registry: Any node of the tree.
        verbose: Whether to print a line for each node as well.

    Returns:
        For each node `num_modules`, `scope` and `modules` (name to class or function, as text).
    """
    report = []
    for node in registry.root.walk_down():
        node.import_from_location()
        modules = {name: str(module) for name, module in node.module_dict.items()}
        report.append(
            {"num_modules": len(modules), "scope": f"{node.scope}/{node.name}", "modules": modules}
        )
        if verbose:
            from rich import print as rich_print  # deferred: rich is slow to import

            rich_print(f"{node.label}: {len(modules)} registered")
    return report


def count_registered_modules(save_path: str | None = None, verbose: bool = True) -> dict[str, Any]:
    """Count what is registered in the root registries and all below them.

    Args:
        save_path: A folder for the result, `modules_statistic_results.json`; None writes nothing.
        verbose: Whether to print a line for each node as well.

    Returns:
        The time of the scan (`scan_date`, ISO 8601) and by registry the nodes of its tree.
    """
    report: dict[str, Any] = {"scan_date": datetime.now(UTC).isoformat(timespec="seconds")}
    for root in all_roots():
        report[root.name] = traverse_registry_tree(root, verbose)
    if save_path is not None:
        folder = Path(save_path)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, indent=2)
        (folder / "modules_statistic_results.json").write_text(text, encoding="utf-8")
    return report
