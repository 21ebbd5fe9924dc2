"""What commands that draw need."""

from __future__ import annotations

from engine.visualization import require_matplotlib


def require_drawing() -> None:
    """Make sure that images can be drawn.

    Raises:
        ValueError: If matplotlib is missing: an error of the user, shown without traceback.
    """
    try:
        require_matplotlib()
    except ImportError as error:
        raise ValueError(str(error)) from error
