"""The numbers of runs, found, put together and drawn."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.image import imread

from engine.visualization import find_runs, plot_curves, read_curves


def write(path: Path, lines: Iterable[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def start(folder: Path, steps: Sequence[int], run: float = 1.0) -> Path:
    """A start of a run that trained in these steps, and validated after every tenth."""
    lines: list[dict[str, Any]] = []
    for step in steps:
        lines.append({"step": step, "loss": run * step, "iter": step, "epoch": (step + 9) // 10})
        if step % 10 == 0:
            lines.append({"step": step // 10, "acc": run * step})
    return write(folder / "vis_data" / "scalars.json", lines)


def test_a_resumed_run_takes_the_place_of_what_it_does_over(tmp_path: Path) -> None:
    files = [start(tmp_path / "1", range(1, 26)), start(tmp_path / "2", range(21, 31), run=2)]
    curves = read_curves(files)
    assert curves.training == {
        "epoch": {step: (step + 9) // 10 for step in range(1, 31)},
        "iter": {step: step for step in range(1, 31)},
        "loss": {step: step if step <= 20 else 2 * step for step in range(1, 31)},
    }
    assert curves.others == {"acc": {1: 10, 2: 20, 3: 60}}
    assert curves.epochs == 3
    # What was logged beyond the resume, and not done again yet, counts no more.
    shorter = read_curves([files[0], start(tmp_path / "3", [21, 22], run=2)])
    assert max(shorter.training["loss"]) == 22
    assert shorter.others == {"acc": {1: 10, 2: 20}}


def test_a_new_training_in_the_same_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    files = [start(tmp_path / "1", range(1, 31)), start(tmp_path / "2", range(1, 11), run=2)]
    assert read_curves(files) == read_curves(files[1:])


def test_a_validation_alone_is_no_part_of_a_training(tmp_path: Path) -> None:
    training = start(tmp_path / "1", range(1, 21))
    alone = write(tmp_path / "2" / "scalars.json", [{"step": 0, "acc": 0.5}])
    assert read_curves([training, alone]) == read_curves([training])
    assert read_curves([alone]).others == {"acc": {0: 0.5}}


def test_what_trains_is_told_by_its_iteration_or_else_by_its_loss(tmp_path: Path) -> None:
    lines = [{"step": 10, "loss": 1, "iter": 10}, {"step": 1, "val_loss": 2}]
    curves = read_curves([write(tmp_path / "a.json", lines)])
    assert (set(curves.training), curves.others) == ({"loss", "iter"}, {"val_loss": {1: 2}})
    curves = read_curves(
        [write(tmp_path / "b.json", [{"step": 1, "loss": 1}, {"step": 1, "a": 2}])]
    )
    assert (curves.training, curves.others) == ({"loss": {1: 1}}, {"a": {1: 2}})


@given(
    ends=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    backs=st.lists(st.integers(0, 10), min_size=4, max_size=4),
)
def test_a_run_in_parts_is_the_run_without_interruption(
    tmp_path_factory: pytest.TempPathFactory, ends: list[int], backs: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    ends = sorted(ends)
    begins = [1, *(max(1, end + 1 - back) for end, back in zip(ends, backs, strict=False))]
    parts = [
        start(folder / str(number), range(begin, end + 1))
        for number, (begin, end) in enumerate(zip(begins, [*ends, 31], strict=False))
    ]
    assert read_curves(parts) == read_curves([start(folder / "whole", range(1, 32))])


def test_runs_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    second = start(Path("work_dirs/a/20260102_000000"), [1])
    first = start(Path("work_dirs/a/20260101_000000"), [1])
    other = start(Path("old/a/20260101_000000"), [1])
    Path("work_dirs/a/20260103_000000").mkdir()
    assert find_runs(["work_dirs/a"]) == {"a": [first, second]}
    assert find_runs([Path("work_dirs/a/20260102_000000")]) == {"20260102_000000": [second]}
    assert find_runs(["work_dirs/a", "old/a"]) == {"work_dirs/a": [first, second], "old/a": [other]}
    assert find_runs([first, second]) == {"20260101_000000": [first], "20260102_000000": [second]}
    assert find_runs([first.parent]) == {"20260101_000000": [first]}
    assert find_runs([first, other]) == {
        "work_dirs/a/20260101_000000": [first],
        "old/a/20260101_000000": [other],
    }
    assert list(find_runs(["old/a", "old/a"])) == ["a"]
    named = write(Path("mine.json"), [])
    assert find_runs([named]) == {"mine.json": [named]}


def test_a_folder_without_a_run_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file or folder work_dirs/a"):
        find_runs(["work_dirs/a"])
    start(Path("work_dirs/a/20260101_000000"), [1])
    start(Path("work_dirs/b/20260101_000000"), [1])
    with pytest.raises(
        ValueError, match=r"work_dirs holds no run: .*; name runs in it: work_dirs/a, w"
    ):
        find_runs(["work_dirs"])
    Path("empty").mkdir()
    with pytest.raises(ValueError, match=r"there is no \*/vis_data/scalars.json in it$"):
        find_runs(["empty"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"step"', "line 2 is no JSON"),
        ('{"loss": 1}', "line 2 has no step"),
        ("3", "line 2 has no step"),
        ('{"step": 1, "loss": "high"}', "line 2: loss is no number"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"step": 1, "loss": 1.0}\n' + text)
    with pytest.raises(ValueError, match=rf"a\.json, {message}"):
        read_curves([file])


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
