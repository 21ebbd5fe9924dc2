"""Imports all public modules of a package, and all names that they export.

trial.py runs it in an environment with the package, and nothing else of the workspace.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys


def main(name: str) -> None:
    """Import a package, and what is in it."""
    module = importlib.import_module(name)
    for exported in getattr(module, "__all__", ()):
        getattr(module, exported)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if not found.name.startswith("_") and found.name != "configs":
            main(f"{name}.{found.name}")


if __name__ == "__main__":
    main(sys.argv[1])
