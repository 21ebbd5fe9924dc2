"""Images and labels in a text file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from typing import Any

import numpy as np

from engine.dataset import classes_for
from engine.fileio import get_text
from engine.utils import did_you_mean
from mmalpha.registry import DATASETS

from .class_names import checked_classes
from .labeled import LabeledDataset


@DATASETS.register_module()
class ImageList(LabeledDataset):
    """Images that a CSV or JSON file lists with their labels.

    A CSV file (`.csv`, or `.tsv` with tabs) has a line of names on top; a JSON file (`.json`) holds
    a list of dictionaries, or a dictionary with `data_list` and `metainfo` as `BaseDataset` reads
    it; `.jsonl` has a dictionary in each line.

        img_path,gt_label
        a.png,cat
        b.png,dog

    A label is the name of a class or its number from 0, and one that is the name of a class and the
    number of another is an error. With `multi_label` an image has any number
    of them: in JSON a list, in CSV a text with `separator` between them. A sample has `img_path`,
    and `gt_label` or, with `multi_label`, `gt_score`, an array of a zero or one for each class.

    Args:
        ann_file: The list.
        data_root: As in `BaseDataset`.
        data_prefix: As in `BaseDataset`: `dict(img_path='images')`.
        multi_label: Whether an image has any number of classes.
        image_key: What the list calls the path of an image.
        label_key: What the list calls its label.
        separator: The separator of several labels in a CSV file.
        pipeline: As in `BaseDataset`.
        metainfo: As in `BaseDataset`. Its `classes` are the names of the classes in the order of
            their labels; without them they are the names that the list has, in alphabetical order,
            and in a validation or test those of the training data.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not such a list, or a label is none of the classes.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = "",
        data_prefix: Mapping[str, Any] | None = None,
        multi_label: bool = False,
        image_key: str = "img_path",
        label_key: str = "gt_label",
        separator: str = "|",
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        metainfo: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        self.multi_label = multi_label
        self.image_key = image_key
        self.label_key = label_key
        self.separator = separator
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=data_prefix,
            metainfo=metainfo,
            indices=indices,
            pipeline=pipeline,
            test_mode=test_mode,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the list."""
        entries = list(self._entries())
        if not entries:
            raise ValueError(f"{self.ann_file} lists no images")
        labels = [self._labels(where, entry) for where, entry in entries]
        classes = self._metainfo.get("classes")
        if classes is None:
            classes = classes_for(_names_in(labels, self.ann_file), self.ann_file)
        classes = self._metainfo["classes"] = checked_classes(classes, self.ann_file)
        numbers = {name: number for number, name in enumerate(classes)}
        found = []
        for (where, entry), given in zip(entries, labels, strict=True):
            chosen = [_number(where, label, numbers) for label in given]
            info = {"img_path": str(entry[self.image_key]), **self._target(chosen, len(classes))}
            parsed = self.parse_data_info(info)
            found += parsed if isinstance(parsed, list) else [parsed]
        return found

    def _target(self, chosen: Sequence[int], count: int) -> dict[str, Any]:
        if not self.multi_label:
            return {"gt_label": chosen[0]}
        score = np.zeros(count, np.uint8)
        score[list(chosen)] = 1
        return {"gt_score": score}

    def _entries(self) -> Iterator[tuple[str, Any]]:
        """Yield the position of each entry, and the entry."""
        suffix = self.ann_file.rpartition(".")[2].lower()
        if suffix not in _READERS:
            raise ValueError(
                f"the name of a list ends in {', '.join(f'.{each}' for each in _READERS)}; got "
                f"{self.ann_file}"
            )
        text = get_text(self.ann_file)
        for place, entry in _READERS[suffix](text, self.ann_file, self._metainfo):
            yield f"{self.ann_file}:{place}", entry

    def _labels(self, where: str, entry: Any) -> list[str | float]:
        """Return the labels of an entry."""
        if not isinstance(entry, Mapping):
            raise ValueError(f"{where}: expected a dictionary; got {entry!r}")
        for key in (self.image_key, self.label_key):
            if entry.get(key) is None:
                there = ", ".join(map(str, entry))
                raise ValueError(f"{where} has no {key!r}; it has {there}")
            if entry[key] == "" and not (key == self.label_key and self.multi_label):
                raise ValueError(f"{where} has an empty {key!r}")
        value = entry[self.label_key]
        _check_spaces(where, entry[self.image_key])
        if not self.multi_label:
            _check_spaces(where, value)
            given = [value]
        elif isinstance(value, str):
            given = [each.strip() for each in value.split(self.separator) if each.strip()]
        else:
            given = value if isinstance(value, list) else [value]
        if not all(type(label) in (str, int, float) for label in given):
            raise ValueError(f"{where}: a label is a name or a number; got {value!r}")
        return given


def _read_table(delimiter: str, text: str, name: str, _: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the lines of a table by their numbers."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    try:
        for row in reader:
            where = f"{name}:{reader.line_num}"
            if not row:
                continue
            if names is None:
                names = row
                for each in names:
                    if names.count(each) > 1:
                        raise ValueError(f"{where} has the name {each!r} twice")
                    _check_spaces(where, each)
            elif len(row) < len(names):
                raise ValueError(f"{where} has no {names[len(row)]!r}; it has {len(row)} values")
            elif len(row) > len(names):
                raise ValueError(
                    f"{where} has {len(row)} values for the {len(names)} names on top; a value "
                    f"with {delimiter!r} in it must be in double quotes"
                )
            else:
                yield reader.line_num, dict(zip(names, row, strict=True))
    except csv.Error as error:
        raise ValueError(f"{name}:{reader.line_num} is no line of a table: {error}") from error


def _check_spaces(where: str, value: object) -> None:
    if isinstance(value, str) and value != value.strip():
        raise ValueError(f"{where}: {value!r} begins or ends with white space; take it out")


def _read_lines(text: str, name: str, _: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the lines of JSON by their numbers."""
    for number, line in enumerate(text.split("\n"), 1):  # other line ends may be in a string
        if line.strip():
            yield number, _parse(line, f"{name}:{number}")


def _read_json(text: str, name: str, metainfo: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the entries of a list, and add to the metainfo what is said beside it."""
    content = _parse(text, name)
    if isinstance(content, dict) and "data_list" in content:
        for key, value in content.get("metainfo", {}).items():
            metainfo.setdefault(key, value)
        content = content["data_list"]
    if not isinstance(content, list):
        raise ValueError(f"{name} holds no list of images")
    for number, entry in enumerate(content):
        yield f" entry {number}", entry


_READERS: Mapping[str, Callable[[str, str, dict[str, Any]], Iterator[tuple[Any, Any]]]] = {
    "csv": partial(_read_table, ","),
    "tsv": partial(_read_table, "\t"),
    "json": _read_json,
    "jsonl": _read_lines,
}


def _parse(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"{where} is no JSON: {error}") from error


def _names_in(labels: Sequence[Sequence[str | float]], where: str) -> set[str]:
    """Return the names of all classes that labels name; numbers name none."""
    given = {str(label) for several in labels for label in several}
    if all(label.isdecimal() for label in given):
        raise ValueError(
            f"{where} has numbers for labels; say which classes they mean: "
            "metainfo=dict(classes=[...])"
        )
    return given


def _number(where: str, label: str | float, numbers: Mapping[str, int]) -> int:
    text = str(label)
    named = numbers.get(text)
    is_number = text.isdecimal() and len(text) < 10 and int(text) < len(numbers)
    counted = int(text) if is_number else None
    if named is not None and counted is not None and named != counted:
        raise ValueError(
            f"{where}: {label!r} is the name of class {named}, and the number of class {counted}, "
            f"{list(numbers)[counted]!r}; give the classes names that are no numbers, or number "
            "them from 0"
        )
    found = counted if named is None else named
    if found is not None:
        return found
    raise ValueError(
        f"{where}: {label!r} is no class{did_you_mean(text, numbers)}; there are "
        f"{', '.join(list(numbers)[:10])}{', ...' if len(numbers) > 10 else ''}"
    )
