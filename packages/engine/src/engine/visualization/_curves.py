"""The curves of one training or several in one picture."""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ._matplotlib import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PathLike = str | os.PathLike[str]

# What a line holds besides losses, learning rates and metrics.
_SIDE_VALUES = frozenset({"step", "iter", "epoch", "time", "data_time", "memory", "grad_norm"})

# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
_LINES = ("-", "--", ":", "-.")
_PANEL = (4.6, 3.1)  # inches
_DPI = 120

# From this ratio of its values on, a loss is drawn on a logarithmic scale.
_WIDE = 30


class _Curve(NamedTuple):
    run: str
    name: str
    points: dict[int, float]


class _Panel(NamedTuple):
    title: str
    x_label: str
    curves: list[_Curve]
    is_metric: bool


def plot_curves(runs: Mapping[str, Sequence[PathLike]], out: PathLike) -> None:
    """Draw the curves of one training or several into one PNG.

    There is a panel of the losses, one of the learning rate, and one for each metric of the
    validation.

    Args:
        runs: For the name of each training, the files of JSON lines that `LocalVisBackend` wrote;
            where it was resumed, those of all its parts in their order.
        out: The picture.

    Raises:
        ValueError: If a file is malformed, or there is nothing to draw.
        ImportError: If matplotlib is missing.
    """
    panels = _panels({run: _lines_of(files) for run, files in runs.items()})
    if not panels:
        raise ValueError(f"there are no numbers to draw in the files of {', '.join(runs)}")
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # deferred: only drawing needs it
    from matplotlib.figure import Figure

    columns = 2 if len(panels) == 4 else min(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    size = (_PANEL[0] * columns, _PANEL[1] * rows)
    figure = Figure(size, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel, list(runs))
    for axes in grid[len(panels) :]:
        axes.remove()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out)


def _lines_of(files: Sequence[PathLike]) -> list[dict[str, float]]:
    lines = []
    for file in files:
        for number, text in enumerate(Path(file).read_text("utf-8").splitlines(), start=1):
            try:
                lines.append(json.loads(text))
            except ValueError as error:
                raise ValueError(f"{file}, line {number} is no JSON: {error}") from error
    return lines


def _panels(runs: Mapping[str, list[dict[str, float]]]) -> list[_Panel]:
    trained: dict[str, list[_Curve]] = {"loss": [], "learning rate": []}
    metrics: dict[str, list[_Curve]] = defaultdict(list)
    for run, lines in runs.items():
        is_train = [any("loss" in name for name in line) for line in lines]
        for name, points in _points(lines, is_train, keep=True).items():
            kind = "loss" if "loss" in name else "learning rate"
            if "loss" in name or name.endswith("lr"):
                trained[kind].append(_Curve(run, name, points))
        for name, points in _points(lines, is_train, keep=False).items():
            metrics[name].append(_Curve(run, name, points))
    if len(runs) > 1:  # the parts of a loss would make too many lines
        trained["loss"] = [curve for curve in trained["loss"] if curve.name == "loss"]
    panels = [
        _Panel(title, "iteration", curves, False) for title, curves in trained.items() if curves
    ]
    x_label = "epoch" if _counts_epochs(runs, metrics) else "iteration"
    return panels + [_Panel(name, x_label, curves, True) for name, curves in metrics.items()]


def _points(
    lines: list[dict[str, float]], is_train: list[bool], keep: bool
) -> dict[str, dict[int, float]]:
    """Return the values of each name by their steps; what a resumed run repeats counts."""
    points: dict[str, dict[int, float]] = defaultdict(dict)
    for line, train in zip(lines, is_train, strict=True):
        if train is keep:
            for name in line.keys() - _SIDE_VALUES:
                points[name][int(line["step"])] = float(line[name])
    return {name: dict(sorted(points[name].items())) for name in sorted(points)}


def _counts_epochs(
    runs: Mapping[str, list[dict[str, float]]], metrics: Mapping[str, list[_Curve]]
) -> bool:
    """Tell whether the steps of a validation are epochs."""
    steps = [step for curves in metrics.values() for curve in curves for step in curve.points]
    epochs = [line["epoch"] for lines in runs.values() for line in lines if "epoch" in line]
    return bool(steps and epochs) and max(steps) <= max(epochs)


def _draw(axes: Axes, panel: _Panel, runs: list[str]) -> None:
    several = len({curve.name for curve in panel.curves}) > 1
    names = sorted({curve.name for curve in panel.curves}, key=lambda name: (name != "loss", name))
    for curve in panel.curves:
        run, name = runs.index(curve.run), names.index(curve.name)
        # With one run, colours tell the values apart; with several, the runs.
        color = run if len(runs) > 1 else name
        line = name if len(runs) > 1 else 0
        axes.plot(
            list(curve.points),
            list(curve.points.values()),
            color=_COLORS[color % len(_COLORS)],
            linestyle=_LINES[line % len(_LINES)],
            linewidth=1.6,
            marker="o" if len(curve.points) <= 30 and panel.x_label == "epoch" else "",
            markersize=3.5,
            label=_label(curve, len(runs) > 1, several),
        )
    _style(axes, panel)
    if len(panel.curves) > 1:
        axes.legend(fontsize=8, frameon=False)


def _label(curve: _Curve, several_runs: bool, several_names: bool) -> str:
    if not several_runs:
        return curve.name
    return f"{curve.run}: {curve.name}" if several_names else curve.run


def _style(axes: Axes, panel: _Panel) -> None:
    title = panel.title
    if panel.is_metric and len(panel.curves) == 1:
        title += f"   (last {list(panel.curves[0].points.values())[-1]:.4g})"
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(panel.x_label, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.locator_params(axis="x", integer=True)
    values = [value for curve in panel.curves for value in curve.points.values()]
    if panel.title == "loss" and min(values) > 0 and max(values) > _WIDE * min(values):
        axes.set_yscale("log")
