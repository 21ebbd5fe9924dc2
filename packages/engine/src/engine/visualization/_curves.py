"""Training curves: scalars of a run, and images of them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.utils import did_you_mean, shortest_ends

from ._requires import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PathLike = str | os.PathLike[str]
Line = dict[str, float]
Points = dict[int, float]

# Where the numbers are, seen from a file's own folder, from a start of a run, and from a work
# directory.
_PLACES = ("scalars.json", "vis_data/scalars.json", "*/vis_data/scalars.json")
_TAIL = ("vis_data", "scalars.json")

# What is drawn only if it is asked for.
_SIDE_VALUES = frozenset({"iter", "epoch", "time", "data_time", "memory", "grad_norm"})

# Okabe and Ito's colors, which people with any kind of color vision can tell apart; when they run
# out, the lines are dashed.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
_LINES = ("-", "--", ":", "-.")
_PANEL = (4.6, 3.1)  # inches
_DPI = 120
_FEW = 30  # points, up to which each of them is marked
_LETTER = 0.075  # inches, about the width of a letter in the legend
_SAMPLE = 0.6  # inches, the line before it and the gap behind
_LEGEND_LINE = 0.19  # inches, the height of a line of it

# From this ratio of its values on, a loss is drawn on a logarithmic scale.
_WIDE = 30


class Curves(NamedTuple):
    """The values of a run by the names of the numbers, each by its steps.

    Attributes:
        training: What was logged in iterations of the training.
        others: What was logged beside them, such as the metrics of a validation.
    """

    training: dict[str, Points]
    others: dict[str, Points]

    @property
    def epochs(self) -> float:
        """The number of the last epoch, or 0 if no line has one."""
        return max(self.training.get("epoch", {}).values(), default=0)

    @property
    def metrics(self) -> dict[str, Points]:
        """The metrics of the validations, in the order in which they were logged first."""
        return {name: self.others[name] for name in self.others if name not in _SIDE_VALUES}


def find_runs(paths: Iterable[PathLike]) -> dict[str, list[Path]]:
    """Find the files of numbers of runs.

    Args:
        paths: Work directories, folders of single starts in them, or the files themselves.

    Returns:
        For the name of each run, made of as much of its path as tells it from the others, its
        files; that of a resumed run has several, in their order.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder holds no run.
    """
    by_path = {Path(path).absolute(): _files_at(Path(path)) for path in paths}
    return dict(zip(_names(list(by_path)), by_path.values(), strict=True))


def read_curves(files: Sequence[PathLike]) -> Curves:
    """Read the curves of a run.

    Args:
        files: The files of its starts. From the first step that a start logged under a name, its
            values take the place of those of earlier ones, which a resumed run does over.

    Raises:
        ValueError: If a file is malformed.
    """
    starts = [_split(_lines_of(Path(file))) for file in files]
    trained = [start for start in starts if start.training]
    curves = Curves({}, {})
    for start in trained or starts:  # one that only validated is no part of a training
        curves = Curves(
            _continue_scalars(curves.training, start.training),
            _continue_scalars(curves.others, start.others),
        )
    return curves


def _files_at(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no file or folder {path}")
    for place in _PLACES:
        if found := sorted(path.glob(place)):
            return found
    below = sorted({str(file.parents[2]) for file in path.glob(f"*/{_PLACES[-1]}")})
    hint = f"; name runs in it: {', '.join(below)}" if below else ""
    raise ValueError(f"{path} holds no run: there is no {_PLACES[-1]} in it{hint}")


def _names(paths: Sequence[Path]) -> list[str]:
    """Return the shortest ends of paths that are all different."""
    ends = []
    for path in paths:
        parts = path.parts[1:]
        while len(parts) > 1 and parts[-1] in _TAIL:
            parts = parts[:-1]
        ends.append(parts)
    return shortest_ends(ends, "/")


def _lines_of(file: Path) -> list[Line]:
    lines = []
    for number, text in enumerate(file.read_text("utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{file}, line {number} is no JSON: {error}") from error
        if not isinstance(line, dict) or "step" not in line:
            raise ValueError(f"{file}, line {number} has no step: {text}")
        if others := [name for name in line if not isinstance(line[name], Real)]:
            raise ValueError(f"{file}, line {number}: {others[0]} is no number: {text}")
        lines.append(line)
    return lines


def _split(lines: Sequence[Line]) -> Curves:
    """Put the lines of one start into curves."""
    tells_iter = any("iter" in line for line in lines)
    curves = Curves({}, {})
    for line in lines:
        is_training = "iter" in line if tells_iter else any("loss" in name for name in line)
        for name in [each for each in line if each != "step"]:
            points = (curves.training if is_training else curves.others).setdefault(name, {})
            points[int(line["step"])] = float(line[name])
    return curves


def _continue_scalars(old: dict[str, Points], new: dict[str, Points]) -> dict[str, Points]:
    joined = {}
    for name in {**old, **new}:
        first = min(new.get(name, ()), default=None)
        kept = {
            step: value
            for step, value in old.get(name, {}).items()
            if first is None or step < first
        }
        joined[name] = dict(sorted({**kept, **new.get(name, {})}.items()))
    return joined


class _Curve(NamedTuple):
    run: str
    name: str
    points: Points
    in_training: bool


class _Panel(NamedTuple):
    title: str
    curves: list[_Curve]


def plot_curves(
    runs: Mapping[str, Sequence[PathLike]], out: PathLike, keys: Sequence[str] = ()
) -> None:
    """Draw the curves of one training or several into one PNG.

    There is a panel of the losses, one of the learning rate, and one for each metric of the
    validation; with several trainings, one for the loss, the learning rate and each metric.

    Args:
        runs: For the name of each training, the files of JSON lines that `LocalVisBackend` wrote;
            where it was resumed, those of all its parts in their order.
        out: The image.
        keys: The names of the numbers to draw, with wildcards; empty means those above.

    Raises:
        ValueError: If a file is malformed, or there is nothing to draw.
        ImportError: If matplotlib is missing.
    """
    require_matplotlib()
    curves = {run: read_curves(files) for run, files in runs.items()}
    panels = _panels(curves, keys)
    columns = 2 if len(panels) == 4 else min(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(rows, columns)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel, list(runs))
        axes.set_xlabel("epoch" if _counts_epochs(panel, curves) else "iteration", fontsize=9)
    for axes in grid[len(panels) :]:
        axes.remove()
    if len(runs) > 1:
        _add_legend(figure, list(runs))
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out)


def new_figure(rows: int = 1, columns: int = 1) -> Figure:
    """Return a figure with room for panels.

    Args:
        rows: How many panels there are one below the other.
        columns: How many there are side by side.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # deferred: only drawing needs it
    from matplotlib.figure import Figure

    size = (_PANEL[0] * columns, _PANEL[1] * rows)
    figure = Figure(size, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _panels(runs: Mapping[str, Curves], keys: Sequence[str]) -> list[_Panel]:
    found = [
        _Curve(run, name, points, in_training)
        for run, curves in runs.items()
        for in_training, values in ((True, curves.training), (False, curves.others))
        for name, points in sorted(values.items())
    ]
    if keys:
        panels = [panel for key in keys for panel in _one_each(_select_curves(key, found))]
    else:
        losses = [curve for curve in found if curve.in_training and "loss" in curve.name]
        rates = [curve for curve in found if curve.in_training and curve.name.endswith("lr")]
        metrics = [
            curve for curve in found if not curve.in_training and curve.name not in _SIDE_VALUES
        ]
        if len(runs) == 1:
            groups = [_Panel("loss", losses), _Panel("learning rate", rates)]
            panels = [panel for panel in groups if panel.curves]
        else:  # the parts of a loss would make too many panels
            panels = _one_each(_main("loss", losses)) + _one_each(_main("lr", rates))
        panels += _one_each(metrics)
    if not panels:
        raise ValueError(f"there are no numbers to draw in the files of {', '.join(runs)}")
    return panels


def _select_curves(key: str, found: Sequence[_Curve]) -> list[_Curve]:
    curves = [curve for curve in found if key == curve.name or fnmatchcase(curve.name, key)]
    if not curves:
        names = sorted({curve.name for curve in found})
        raise ValueError(
            f"no number is called {key!r}{did_you_mean(key, names)}; there are {', '.join(names)}"
        )
    return curves


def _main(name: str, curves: list[_Curve]) -> list[_Curve]:
    return [curve for curve in curves if curve.name == name] or curves


def _one_each(curves: Sequence[_Curve]) -> list[_Panel]:
    """Return a panel for each name; one of training and validation has two."""
    panels: dict[tuple[str, bool], _Panel] = {}
    for curve in curves:
        panel = panels.setdefault((curve.name, curve.in_training), _Panel(curve.name, []))
        panel.curves.append(curve)
    for name, in_training in panels:
        if not in_training and (name, True) in panels:
            panels[name, False] = panels[name, False]._replace(title=f"{name} (validation)")
    return list(panels.values())


def _counts_epochs(panel: _Panel, runs: Mapping[str, Curves]) -> bool:
    """Tell whether the steps of a panel are epochs."""
    if any(curve.in_training for curve in panel.curves):
        return False
    last = max(max(curve.points) for curve in panel.curves)
    return last <= max(curves.epochs for curves in runs.values())


def _draw(axes: Axes, panel: _Panel, runs: list[str]) -> None:
    names = sorted({curve.name for curve in panel.curves}, key=lambda name: (name != "loss", name))
    for curve in panel.curves:
        # With one run, colors tell the values apart; with several, the runs.
        number = runs.index(curve.run) if len(runs) > 1 else names.index(curve.name)
        axes.plot(
            list(curve.points),
            list(curve.points.values()),
            **line_style(number),
            marker="o" if len(curve.points) <= _FEW and not curve.in_training else "",
            markersize=3.5,
            label=curve.name,
        )
    _adorn(axes, panel)
    if len(names) > 1:
        axes.legend(fontsize=8, frameon=False)


def line_style(number: int) -> dict[str, Any]:
    """Return how the line of a number is drawn, so that it differs from those before."""
    dashes = _LINES[number // len(_COLORS) % len(_LINES)]
    return {"color": _COLORS[number % len(_COLORS)], "linestyle": dashes, "linewidth": 1.6}


def _adorn(axes: Axes, panel: _Panel) -> None:
    title = panel.title
    if len(panel.curves) == 1 and not panel.curves[0].in_training:
        title += f"   (last {list(panel.curves[0].points.values())[-1]:.4g})"
    style_axes(axes, title)
    axes.locator_params(axis="x", integer=True)
    values = [value for curve in panel.curves for value in curve.points.values()]
    if "loss" in panel.title and min(values) > 0 and max(values) > _WIDE * min(values):
        axes.set_yscale("log")


def style_axes(axes: Axes, title: str) -> None:
    """Give a panel its title and the look of all panels."""
    axes.set_title(title, fontsize=10, loc="left")
    axes.tick_params(labelsize=8)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _add_legend(figure: Figure, runs: list[str]) -> None:
    """Add the names of the runs below all panels, which keep their size."""
    from matplotlib.lines import Line2D  # deferred, as in plot_curves

    width, height = figure.get_size_inches()
    entry = max(len(run) for run in runs) * _LETTER + _SAMPLE
    columns = max(1, min(len(runs), int(width / entry)))
    lines = math.ceil(len(runs) / columns)
    figure.set_size_inches(width, height + (lines + 1) * _LEGEND_LINE)
    figure.legend(
        [Line2D([], [], **line_style(number)) for number in range(len(runs))],
        runs,
        loc="outside lower center",
        ncols=columns,
        fontsize=8,
        frameon=False,
    )
