"""The report of `engine test`, by the options of the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from engine.utils import without_nan

from ._table import print_table

if TYPE_CHECKING:
    from engine.report import ReportHook

PredictionsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write what was predicted for each image, *.csv or *.jsonl.",
        show_default=False,
    ),
]
FeaturesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the features of each image, *.npz or *.safetensors.",
        show_default=False,
    ),
]
KnnOption = Annotated[
    int | None,
    typer.Option(
        metavar="K",
        help="Classify by the K nearest training images, of their features, as well.",
        show_default=False,
    ),
]
TableOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Print a table of the report, e.g. confusion. May be given several times.",
        show_default=False,
    ),
]


class Exports(NamedTuple):
    """What a test is to write beside its report, or into it."""

    save_predictions: Path | None = None
    save_features: Path | None = None
    knn: int | None = None


def prepare_report(runner: Any, report: bool | None, exports: Exports) -> ReportHook | None:
    """Give a runner the hook that reports its test, if there is one.

    Args:
        runner: The runner.
        report: Whether a report is wanted; None means where the task has one and it can be drawn.
        exports: What else is wanted.

    Returns:
        The hook, or None if there is none and nothing is wanted of it.

    Raises:
        ValueError: If something is wanted that the task does not have, or can't be drawn.
    """
    from engine.report import ReportHook, add_report  # deferred: --help needs no torch
    from engine.visualization import require_matplotlib

    write = report
    try:
        require_matplotlib()
    except ImportError as error:
        if report or exports.knn is not None:
            raise ValueError(f"a report needs drawing: {error}") from error
        write = False
    has_own = any(isinstance(each, ReportHook) for each in runner.hooks)
    if write is False and not any(exports) and not has_own:
        return None
    files = [None if file is None else str(file.absolute()) for file in exports[:2]]
    hook = add_report(
        runner,
        write_report=write,
        save_predictions=files[0],
        save_features=files[1],
        knn=exports.knn,
    )
    if hook is None and (report or any(exports)):
        raise ValueError(
            f"{type(runner.model).__name__} has no report, of which --report, --table, "
            "--save-predictions, --save-features and --knn are parts: its class names none in "
            "test_report"
        )
    return hook


def print_tables(hook: ReportHook | None, names: Sequence[str]) -> None:
    """Print tables of a report.

    Args:
        hook: What has reported the test.
        names: The names of the tables.

    Raises:
        ValueError: If there is no such table.
    """
    report = None if hook is None else hook.report
    tables = {} if report is None else {table.name: table for table in report.tables}
    for name in names:
        if name not in tables:
            there = f"there are {', '.join(tables)}" if tables else "there is no report"
            raise ValueError(f"--table {name}: the report has no such table; {there}")
        table = tables[name]
        print_table(table.columns, [[*map(_cell, row)] for row in table.rows])


def _cell(value: str | float | None) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def outcome(metrics: Mapping[str, Any], hook: ReportHook | None) -> dict[str, Any]:
    """Return the metrics of a test, and where its files are, as plain data."""
    page = None if hook is None else hook.page
    files = [] if hook is None else hook.files
    return {
        "metrics": without_nan({name: _plain(value) for name, value in metrics.items()}),
        "report": None if page is None else str(page),
        "files": [str(file) for file in files],
    }


def _plain(value: Any) -> Any:
    """Return a metric as JSON can hold it: arrays become lists, other objects their text."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return value if isinstance(value, (int, float, str, list, dict, type(None))) else str(value)


def report_lines(hook: ReportHook | None) -> list[str]:
    """Return what there is to say of where the files of a test are."""
    if hook is None:
        return []
    page = [] if hook.page is None else [f"The report is {hook.page}"]
    return [*(f"Wrote {file}" for file in hook.files), *page]
