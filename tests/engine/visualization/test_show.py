"""Images in windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backend_bases import CloseEvent, KeyEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from engine.structures import BaseDataElement
from engine.visualization import Visualizer, utils


class Window(FigureCanvasAgg):
    """A stand-in of a canvas on a screen, whose user does what the test says."""

    required_interactive_framework = "a stand-in"
    does: ClassVar[list[str]] = []
    seen: ClassVar[list[Any]] = []

    def start_event_loop(self, timeout: float = 0) -> None:
        self.draw()  # type: ignore[no-untyped-call]  # matplotlib gives it no types
        self.seen.append((timeout, np.asarray(self.buffer_rgba())[..., :3].copy()))  # type: ignore[no-untyped-call]  # the same
        self.waits = True
        while self.waits:  # a window that nothing ends would wait on
            event = self.does.pop(0)
            if event == "close":
                self.callbacks.process("close_event", CloseEvent("close_event", self))
            else:
                self.callbacks.process("key_press_event", KeyEvent("key_press_event", self, event))

    def stop_event_loop(self) -> None:
        self.waits = False


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The titles of the windows that are opened."""
    opened = []

    def figure(title: str, **options: Any) -> Figure:
        opened.append(title)
        made = Figure((0.6, 0.4), dpi=100, **options)
        Window(made)
        monkeypatch.setattr(made, "show", lambda: None)
        return made

    monkeypatch.setattr(pyplot, "figure", figure)
    monkeypatch.setattr(Window, "does", [])
    monkeypatch.setattr(Window, "seen", [])
    yield opened
    assert Window.does == []


def test_a_window_stays_until_its_key_is_pressed_or_it_is_closed(titles: list[str]) -> None:
    visualizer = Visualizer(image=np.full((40, 60, 3), 100, np.uint8))
    Window.does += ["x", " "]
    visualizer.show()
    Window.does += [" ", "q"]
    red = np.full((40, 60, 3), [255, 0, 0], np.uint8)
    visualizer.show(red, win_name="red", wait_time=2.5, continue_key="q")
    Window.does += ["close"]
    visualizer.show()
    assert titles == ["image", "red", "image"]
    [(first, gray), (second, other), _] = Window.seen
    assert (first, second) == (0, 2.5)
    assert (gray[20, 30].tolist(), other[20, 30].tolist()) == ([100, 100, 100], [255, 0, 0])


@pytest.mark.parametrize(("does", "result"), [(["x", " "], 0), (["x", "close"], 1)])
def test_waiting_tells_whether_the_window_was_closed(
    titles: list[str], does: list[str], result: int
) -> None:
    Window.does += does
    assert utils.wait_continue(pyplot.figure("a window"), timeout=3) == result
    assert Window.seen[0][0] == 3


def test_a_sample_is_shown(titles: list[str]) -> None:
    Window.does += [" "]
    sample = BaseDataElement(pred_label=1)
    Visualizer().add_datasample(
        "x", np.zeros((40, 60, 3), np.uint8), sample, show=True, wait_time=1
    )
    assert titles == ["x"]
    assert Window.seen[0][0] == 1


def test_without_a_screen_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    pyplot.switch_backend("agg")
    with pytest.raises(RuntimeError, match="no screen to show an image on: matplotlib draws with"):
        Visualizer().show(image)
    assert pyplot.get_fignums() == []

    def figure(*args: Any, **options: Any) -> Any:
        raise ImportError("Cannot load backend 'TkAgg' ... as 'headless' is currently running")

    monkeypatch.setattr(pyplot, "figure", figure)
    with pytest.raises(RuntimeError, match="Write it to a file, with write_image or add_image"):
        Visualizer().show(image)


def test_the_back_end_is_matplotlib() -> None:
    with pytest.raises(ValueError, match="shown by matplotlib, not by 'cv2'"):
        Visualizer().show(np.zeros((4, 6, 3), np.uint8), backend="cv2")
