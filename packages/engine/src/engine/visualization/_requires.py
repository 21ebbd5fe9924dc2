"""Optional dependencies of drawing and backends."""

from __future__ import annotations

from importlib.util import find_spec


def require(package: str, extra: str, who: str) -> None:
    """Raise an error that says what to install, where a package is missing.

    Args:
        package: The name by which it is imported.
        extra: The extra of the engine that brings it.
        who: What needs it.

    Raises:
        ImportError: If it is missing.
    """
    if find_spec(package) is None:
        raise ImportError(f'{who} needs {package}: pip install "engine[{extra}]"')


def require_matplotlib() -> None:
    """Raise an error that says what to install, where matplotlib is missing.

    Raises:
        ImportError: If it is missing.
    """
    require("matplotlib", "vis", "drawing")
