"""The curves of trainings in one picture."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no numbers to draw in the files of a"):
        plot_curves({"a": [write(tmp_path / "a.json", [])]}, tmp_path / "a.png")
    (tmp_path / "b.json").write_text('{"step": 1, "loss": 1.0}\n{"step"')
    with pytest.raises(ValueError, match=r"b\.json, line 2 is no JSON"):
        plot_curves({"b": [tmp_path / "b.json"]}, tmp_path / "b.png")
    assert list(tmp_path.glob("*.png")) == []
