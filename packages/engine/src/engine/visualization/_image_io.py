"""Reading, writing and display of images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._backend import Image
from ._requires import require_matplotlib


def show_image(
    image: Image, title: str, wait_time: float, continue_key: str, options: Mapping[str, Any]
) -> None:
    """Show an image in a window until a key is pressed, the window is closed or the time is up.

    Args:
        image: RGB of shape (H, W, 3).
        title: The title of the window.
        wait_time: How long it stays, in seconds; 0 means until somebody ends it.
        continue_key: The key that ends it.
        options: Arguments of matplotlib's figure.

    Raises:
        RuntimeError: If there is no screen.
    """
    require_matplotlib()
    from matplotlib import pyplot  # deferred: only a window needs it

    try:
        figure = pyplot.figure(title, **options)
    except ImportError as error:  # what matplotlib raises where a toolkit finds no screen
        raise RuntimeError(_no_screen(pyplot.get_backend())) from error
    canvas = figure.canvas
    try:
        if canvas.required_interactive_framework is None:
            raise RuntimeError(_no_screen(pyplot.get_backend()))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        axes.imshow(image)
        figure.show()
        wait_continue(figure, wait_time, continue_key)
    finally:
        pyplot.close(figure)


def wait_continue(figure: Any, timeout: float = 0, continue_key: str = " ") -> int:
    """Wait until a key is pressed in the window of a figure, the window is closed or time is up.

    Args:
        figure: The figure of matplotlib, which is shown.
        timeout: How long to wait, in seconds; 0 means until somebody ends it.
        continue_key: The key that ends it.

    Returns:
        1 where the window was closed, 0 otherwise.
    """
    canvas, closed = figure.canvas, []

    def end(event: Any) -> None:
        if event.name == "close_event":
            closed.append(event)
        elif event.key != continue_key:
            return
        canvas.stop_event_loop()

    for name in ("close_event", "key_press_event"):
        canvas.mpl_connect(name, end)
    canvas.start_event_loop(timeout)
    return len(closed[:1])


def _no_screen(backend: str) -> str:
    return (
        f"there is no screen to show an image on: matplotlib draws with {backend}. Write it to a "
        "file, with write_image or add_image, or choose a backend that opens windows by MPLBACKEND"
    )


def write_image(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image to a file, and make the folders that it needs.

    Args:
        image: RGB of shape (H, W, 3).
        path: The file; its ending says the format, PNG or another that Pillow knows.

    Raises:
        ImportError: If matplotlib is missing.
    """
    require_matplotlib()
    from matplotlib.image import imsave  # deferred: only an image needs it

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    imsave(path, image)
