"""Report of a test and its files: JSON, CSV and one HTML page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.fileio import atomic_write
from engine.utils import without_nan

from ._html import Pieces, page

Pixels = npt.NDArray[np.uint8]
Cell = str | int | float | None


class Table(NamedTuple):
    """A table of a report, which is a file `<name>.csv` as well.

    Attributes:
        name: Its name among the files.
        title: Its title on the page.
        columns: The names of the columns.
        rows: The rows; None and NaN are empty cells.
        on_page: Whether the page shows it.
        note: What there is to know of it, in a sentence.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    on_page: bool = True
    note: str = ""


class Picture(NamedTuple):
    """A picture of a report.

    Attributes:
        title: Its title.
        pixels: RGB of shape (H, W, 3).
        note: What it shows, in a sentence.
    """

    title: str
    pixels: Pixels
    note: str = ""


class Tile(NamedTuple):
    """One of the worst images of a report.

    Attributes:
        pixels: RGB of shape (H, W, 3).
        facts: What is known of it, by name.
    """

    pixels: Pixels
    facts: Mapping[str, Cell]


@dataclass(frozen=True)
class Report:
    """What a test found.

    Attributes:
        title: The title of the page.
        facts: What was tested, by name.
        values: Numbers, by name.
        tables: Tables.
        pictures: Pictures.
        worst: The worst images, the worst first.
        worst_title: What makes them the worst.
    """

    title: str
    facts: Mapping[str, Cell] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    worst: Sequence[Tile] = ()
    worst_title: str = "Worst images"

    def write(self, folder: str | Path) -> Path:
        """Write `report.json`, `report.html` and a file `.csv` for each table.

        Each of them is whole or not there. The page needs no other file and runs no script.

        Args:
            folder: The folder, which is made.

        Returns:
            The page.

        Raises:
            ImportError: If there are pictures, and matplotlib is missing.
        """
        home = Path(folder)
        for table in self.tables:
            write_csv(home / f"{table.name}.csv", table.columns, table.rows)
        _write(home / "report.json", json.dumps(self.as_data(), indent=1, allow_nan=False) + "\n")
        html_file = home / "report.html"
        _write(html_file, page(self.title, self._pieces()))
        return html_file

    def as_data(self) -> dict[str, Any]:
        """Return all but the pictures as plain data; numbers that are not finite are None."""
        tables = {
            table.name: {
                "columns": [*table.columns],
                "rows": without_nan([[*row] for row in table.rows]),
            }
            for table in self.tables
        }
        return {
            "title": self.title,
            "facts": without_nan(dict(self.facts)),
            "values": without_nan(dict(self.values)),
            "tables": tables,
            "worst": [without_nan(dict(tile.facts)) for tile in self.worst],
        }

    def _pieces(self) -> Pieces:
        pieces = Pieces()
        pieces.facts(self.facts)
        if self.values:
            pieces.heading("Values")
            pieces.table(["value", ""], [*self.values.items()])
        for picture in self.pictures:
            pieces.heading(picture.title)
            pieces.note(picture.note)
            pieces.image(_png(picture.pixels), picture.title)
        for table in self.tables:
            if table.on_page:
                pieces.heading(table.title)
                pieces.note(table.note)
                pieces.table(table.columns, table.rows)
        if self.worst:
            pieces.heading(self.worst_title)
            pieces.gallery([(_png(tile.pixels), tile.facts) for tile in self.worst])
        return pieces


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table as CSV.

    Args:
        path: The file.
        columns: The names of the columns.
        rows: The rows; None and NaN are empty cells.
    """
    with atomic_write(path) as file:
        text = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
        writer = csv.writer(text)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(["" if without_nan(cell) is None else cell for cell in row])
        text.flush()
        text.detach()


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV or as lines of JSON, by the suffix of the file.

    Args:
        path: The file, `.csv` or `.jsonl`.
        rows: The rows, each with the same keys.
    """
    given = iter(rows)
    if path.suffix == ".jsonl":
        with atomic_write(path, "w") as file:
            for row in given:
                file.write(json.dumps(without_nan(dict(row)), allow_nan=False) + "\n")
        return
    first = next(given, {})
    flat = _flatten(first)
    write_csv(path, [*flat], _cells(flat, given))


def _cells(first: Mapping[str, Cell], rest: Iterable[Mapping[str, Any]]) -> Iterable[list[Cell]]:
    if first:
        yield [*first.values()]
    for row in rest:
        yield [*_flatten(row).values()]


def _flatten(row: Mapping[str, Any]) -> dict[str, Cell]:
    """Give each number of a list a column of its own."""
    flat: dict[str, Cell] = {}
    for name, value in row.items():
        if isinstance(value, list):
            flat |= {f"{name}_{place}": each for place, each in enumerate(value)}
        else:
            flat[name] = value
    return flat


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        # A name of a file may hold bytes that are no UTF-8.
        file.write(text.encode("utf-8", "backslashreplace"))


def _png(pixels: Pixels) -> bytes:
    from matplotlib.image import imsave  # deferred: only a picture needs it

    stream = io.BytesIO()
    imsave(stream, pixels, format="png")
    return stream.getvalue()
