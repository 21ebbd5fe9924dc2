"""The curves of trainings in one picture."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from engine.visualization import plot_curves


def write(path: Path, lines: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def training(epochs: int, parts: bool = False, start: int = 0) -> list[dict[str, Any]]:
    """The lines of a training with a validation after each epoch."""
    lines: list[dict[str, Any]] = []
    for step in range(10 * start + 1, 10 * epochs + 1):
        loss = 2.5 * math.exp(-step / 25) + 0.05 + 0.1 * math.sin(step) / step
        line = {"step": step, "iter": step, "epoch": (step - 1) // 10 + 1, "loss": loss}
        line |= {"lr": 0.1 * (1 + math.cos(step / 120 * math.pi)) / 2, "time": 0.01}
        lines.append(line | ({"loss_ce": loss * 0.7, "loss_aux": loss * 0.3} if parts else {}))
        if step % 10 == 0:
            score = 1 - math.exp(-step / 20)
            lines.append({"step": step // 10, "mIoU": score, "aAcc": score**0.5})
    return lines


def is_drawn(path: Path) -> bool:
    pixels = imread(path)
    return bool(pixels.std() > 0.01)


def test_one_training(tmp_path: Path) -> None:
    plot_curves({"a": [write(tmp_path / "a.json", training(8, parts=True))]}, tmp_path / "x/a.png")
    assert is_drawn(tmp_path / "x" / "a.png")


def test_a_resumed_training_is_one_curve(tmp_path: Path) -> None:
    other = write(tmp_path / "a.json", training(8))
    before = write(tmp_path / "b.json", training(4))
    after = write(tmp_path / "c.json", training(12, start=3))
    whole = write(tmp_path / "d.json", training(12))
    plot_curves({"a": [other], "b": [before, after]}, tmp_path / "resumed.png")
    plot_curves({"a": [other], "b": [whole]}, tmp_path / "whole.png")
    assert is_drawn(tmp_path / "whole.png")
    assert np.array_equal(imread(tmp_path / "resumed.png"), imread(tmp_path / "whole.png"))


def test_a_run_without_validation(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", [{"step": 1, "loss": 1.0}, {"step": 2, "loss": math.nan}])
    plot_curves({"a": [file]}, tmp_path / "a.png")
    assert is_drawn(tmp_path / "a.png")


def panels(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are drawn from now on."""
    figures: list[Any] = []

    def savefig(self: Figure, out: Any) -> None:
        figures.append(self)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return figures


def told(figure: Figure) -> dict[str, list[str]]:
    """The titles of the panels, and the names of their curves."""
    return {
        axes.get_title(loc="left").partition("   (last")[0]: [
            str(line.get_label()) for line in axes.get_lines()
        ]
        for axes in figure.axes
    }


def test_what_is_drawn_if_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = panels(monkeypatch)
    one = write(tmp_path / "a.json", training(8, parts=True))
    plot_curves({"a": [one]}, tmp_path / "a.png")
    assert told(figures[0]) == {
        "loss": ["loss", "loss_aux", "loss_ce"],
        "learning rate": ["lr"],
        "aAcc": ["aAcc"],
        "mIoU": ["mIoU"],
    }
    assert [axes.get_xlabel() for axes in figures[0].axes] == ["iteration"] * 2 + ["epoch"] * 2
    plot_curves({"a": [one], "b": [one]}, tmp_path / "b.png")
    assert told(figures[1]) == {name: [name] * 2 for name in ("loss", "lr", "aAcc", "mIoU")}
    [legend] = figures[1].legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]


def test_keys_say_what_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = panels(monkeypatch)
    lines = [*training(8, parts=True), {"step": 8, "loss": 0.5}]
    file = write(tmp_path / "a.json", lines)
    plot_curves({"a": [file]}, tmp_path / "a.png", keys=["time", "loss*", "mIoU"])
    names = ["time", "loss", "loss_aux", "loss_ce", "loss (validation)", "mIoU"]
    assert list(told(figures[0])) == names
    with pytest.raises(
        ValueError, match="no number is called 'los'; did you mean 'loss'\\?; there"
    ):
        plot_curves({"a": [file]}, tmp_path / "a.png", keys=["los"])


def test_many_trainings_can_be_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = panels(monkeypatch)
    file = write(tmp_path / "a.json", training(8))
    plot_curves({f"run {number}": [file] for number in range(28)}, tmp_path / "a.png")
    styles = {(line.get_color(), line.get_linestyle()) for line in figures[0].axes[0].get_lines()}
    assert len(styles) == 28
    [legend] = figures[0].legends
    figures[0].canvas.draw()
    names = legend.get_window_extent()
    assert all(names.y1 <= axes.get_tightbbox().y0 for axes in figures[0].axes)
    assert names.x0 >= 0
    assert names.x1 <= figures[0].bbox.x1


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no numbers to draw in the files of a"):
        plot_curves({"a": [write(tmp_path / "a.json", [])]}, tmp_path / "a.png")
    assert list(tmp_path.glob("*.png")) == []
