"""Image of a learning rate range test."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ._curves import line_style, new_figure, style_axes
from ._requires import require_matplotlib


def plot_lr_range(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    marks: Mapping[str, float],
    out: str | os.PathLike[str],
) -> None:
    """Draw the losses of a learning rate range test over the rates into a PNG.

    Args:
        rates: The learning rates.
        losses: The loss at each of them.
        smoothed: The same, smoothed.
        marks: Rates to mark, by their names.
        out: The image.

    Raises:
        ImportError: If matplotlib is missing.
    """
    require_matplotlib()
    figure = new_figure()
    axes = figure.subplots()
    axes.plot(rates, losses, color="#bbbbbb", linewidth=1, label="loss")
    axes.plot(rates, smoothed, **line_style(0), label="smoothed")
    for number, (name, rate) in enumerate(marks.items(), start=1):
        color = line_style(number)["color"]
        axes.axvline(rate, color=color, linestyle="--", linewidth=1, label=f"{name}: {rate:.2g}")
    style_axes(axes, "loss")
    axes.set_xscale("log")
    axes.set_xlabel("learning rate", fontsize=9)
    # A diverging loss would press the rest of the curve flat.
    first, lowest = smoothed[0], min(smoothed)
    highest = max(first, lowest + 1.5 * (first - lowest))
    low, high = min(losses), max(losses)
    margin = 0.05 * (highest - lowest) or 1.0
    axes.set_ylim(min(low, lowest) - margin, min(high, highest) + margin)
    axes.legend(fontsize=8, frameon=False)
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out)
