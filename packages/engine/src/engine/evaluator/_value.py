"""Lookup of a metric's value by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def get_metric_value(indicator: str, metrics: Mapping[str, Any]) -> Any:
    """Return the value of a metric.

    Args:
        indicator: The whole name (`val/accuracy`), or the part behind the last slash where only
            one metric ends in it.
        metrics: The values of all metrics by their names.

    Raises:
        ValueError: If no metric is meant, or more than one.
    """
    if indicator in metrics:
        return metrics[indicator]
    matches = [name for name in metrics if name.rpartition("/")[2] == indicator]
    if len(matches) == 1:
        return metrics[matches[0]]
    if matches:
        raise ValueError(f"{indicator!r} may mean {' or '.join(matches)}; give the whole name")
    raise ValueError(f"there is no metric {indicator!r}; there are {', '.join(metrics) or 'none'}")
