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
        canvas.mpl_connect("close_event", lambda _: canvas.stop_event_loop())
        canvas.mpl_connect(
            "key_press_event",
            lambda event: canvas.stop_event_loop() if event.key == continue_key else None,
        )
        figure.show()
        canvas.start_event_loop(wait_time)
    finally:
        pyplot.close(figure)


def _no_screen(backend: str) -> str:
    return (
        f"there is no screen to show a picture on: matplotlib draws with {backend}. Write it to a "
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
    from matplotlib.image import imsave  # deferred: only a picture needs it

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    imsave(path, image)
