"""The files of a report."""

from __future__ import annotations

import csv
import json
import math
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.report import Picture, Report, Table, Tile, confusion_tables

PIXELS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)


def report(name: str) -> Report:
    """A report in which a name is everywhere where one can be."""
    return Report(
        name,
        facts={name: name},
        values={name: 0.5},
        tables=[Table("names", name, [name, "x"], [[name, 1], [name, None]], note=name)],
        pictures=[Picture(name, PIXELS, name)],
        worst=[Tile(PIXELS, {name: name})],
        worst_title=name,
    )


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: Path) -> _Tags:
    tags = _Tags()
    tags.feed(page.read_text("utf-8"))
    return tags


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@given(NAMES)
@example("</table><script>alert(1)</script>")
@example('"><img src=x onerror=alert(1)>')
@example("<!--")
@example("&lt;")
def test_no_name_breaks_out_of_the_page(folder: Path, name: str) -> None:
    plain = read(report("name").write(folder / "plain"))
    page = read(report(name).write(folder / "named"))
    assert page.tags == plain.tags
    assert "script" not in {tag for tag, _ in page.tags}
    assert "".join(page.text).count(name) >= 10


@given(NAMES, st.floats())
def test_tables_are_read_back_as_they_were(folder: Path, name: str, value: float) -> None:
    table = Table("values", "Values", [name, "value"], [[name, value], ["x", None]])
    Report("Values", tables=[table]).write(folder)
    with (folder / "values.csv").open(encoding="utf-8", newline="") as file:
        head, first, second = csv.reader(file)
    assert (head, second) == ([name, "value"], ["x", ""])
    assert first[0] == name
    data = json.loads((folder / "report.json").read_text())["tables"]["values"]
    assert data["columns"] == [name, "value"]
    if math.isfinite(value):
        assert float(first[1]) == value
        assert data["rows"][0] == [name, value]
    else:
        assert first[1] == ""
        assert data["rows"][0] == [name, None]


def test_a_file_name_that_is_no_utf8_is_shown_escaped(tmp_path: Path) -> None:
    page = report("a\udcff").write(tmp_path)
    assert "a\\udcff" in page.read_text("utf-8")
    assert "a\\udcff" in (tmp_path / "names.csv").read_text("utf-8")


def test_a_page_fetches_nothing(tmp_path: Path) -> None:
    text = report("name").write(tmp_path).read_text("utf-8")
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count('src="data:image/png;base64,') == 2


def test_the_most_confused_classes_come_first() -> None:
    matrix = np.array([[5, 1, 0], [3, 1, 2], [0, 0, 4]])
    pairs, whole = confusion_tables(matrix, ["a", "b", "c"], "images")
    assert pairs.rows == [["b", "a", 3, 0.5], ["b", "c", 2, 2 / 6], ["a", "b", 1, 1 / 6]]
    assert whole.columns == ["true", "a", "b", "c"]
    assert whole.rows[1] == ["b", 3, 1, 2]
