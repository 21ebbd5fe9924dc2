"""Check of datasets for what is silently wrong: labels, masks, files, duplicates."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.dataset import origin_of, spread

from ._samples import NoImageError, Sample, loaded_sample

BACKGROUNDS = ("background", "_background_", "bg")  # names of the class of what is of no class
_IGNORED = 255  # what losses and metrics ignore, where the dataset does not say otherwise
_TRAIN = "train"


@dataclass(frozen=True)
class DataFinding:
    """Something that is wrong with a dataset.

    Attributes:
        kind: `'unusable'`, `'label'`, `'mask'` or `'duplicate'`.
        split: The split, `'train'` for example.
        path: The file, or the sample where it has none.
        message: What is wrong.
    """

    kind: str
    split: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.split}: {self.path} {self.message}"

    def to_dict(self) -> dict[str, str]:
        """Return it as plain data."""
        return asdict(self)


@dataclass
class DataScan:
    """What a look at the samples of a dataset found.

    Attributes:
        split: The split; several, with commas, where they share the dataset.
        classes: The names of its classes, if it has them.
        ignored: The label that does not count.
        total: How many samples there are.
        seen: At how many of them it looked.
        unit: What is counted: `'images'`, `'pixels'` or `'boxes'`.
        counts: How often each label occurs.
        findings: What is wrong.
        contents: The path of each image, and a digest of it.
    """

    split: str
    classes: Sequence[str]
    ignored: int
    total: int
    seen: int = 0
    unit: str = "images"
    counts: Counter[int] = field(default_factory=Counter)
    findings: list[DataFinding] = field(default_factory=list)
    contents: list[tuple[str, bytes]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, without the findings."""
        counts = {
            class_name(self.classes, label) if label != self.ignored else f"{label} (ignored)": n
            for label, n in sorted(self.counts.items())
        }
        return {
            "samples": self.total,
            "seen": self.seen,
            "unit": self.unit,
            "classes": [*self.classes],
            "counts": counts,
        }

    def add(self, kind: str, path: str, message: str) -> None:
        """Add a finding.

        Args:
            kind: What it is about.
            path: The file.
            message: What is wrong.
        """
        self.findings.append(DataFinding(kind, self.split, path, message))


def class_name(classes: Sequence[str], label: int) -> str:
    """Return the name of a label, or its number.

    Args:
        classes: The names.
        label: The label.
    """
    return classes[label] if 0 <= label < len(classes) else str(label)


def classes_of(dataset: Any) -> list[str]:
    """Return the names of the classes of a dataset; none, if it does not say them.

    Args:
        dataset: The dataset.
    """
    classes = metainfo_of(dataset).get("classes")
    return [] if classes is None else [str(each) for each in classes]


def metainfo_of(dataset: Any) -> Mapping[str, Any]:
    """Return what a dataset says of itself, or the one within a wrapper that says nothing.

    Args:
        dataset: The dataset, or a wrapper.
    """
    own = getattr(dataset, "metainfo", None)
    if own is None and len(dataset):
        own = getattr(origin_of(dataset, 0)[0], "metainfo", None)
    return own or {}


def ignored_by(dataset: Any) -> int:
    """Return the label of pixels that don't count.

    Args:
        dataset: The dataset, or a wrapper.
    """
    inner = origin_of(dataset, 0)[0] if len(dataset) else dataset
    return int(getattr(inner, "ignore_index", _IGNORED))


def check_datasets(datasets: Mapping[str, Any], most: int | None = None) -> list[DataScan]:
    """Look at the samples of datasets as they are loaded, before random transforms.

    Findings are samples that can't be used, labels out of range, masks in which all is ignored or
    background, and images that are in `train` and in another split. A dataset that is there under
    several names is looked at once.

    Args:
        datasets: Datasets by the names of their splits.
        most: At how many samples of each to look, at equal distances; None means all.

    Raises:
        ValueError: If samples have no image.
    """
    names: dict[int, list[str]] = {}
    for split, dataset in datasets.items():
        names.setdefault(id(dataset), []).append(split)
    own = {id(dataset): dataset for dataset in datasets.values()}
    scans = {key: _scan(", ".join(names[key]), each, most) for key, each in own.items()}
    trained = scans.get(id(datasets.get(_TRAIN)))
    for scan in scans.values():
        if trained is not None and scan is not trained:
            _add_duplicates(scan, trained)
    return [*scans.values()]


def path_of(dataset: Any, index: int) -> str:
    """Return the file of a sample that can't be loaded, or say which sample it is.

    Args:
        dataset: The dataset.
        index: The index.
    """
    dataset, index = origin_of(dataset, index)
    try:
        return str(dataset.get_data_info(index)["img_path"])
    except Exception:  # noqa: BLE001  # what is wrong with the sample has been told
        return f"sample {index}"


def _scan(split: str, dataset: Any, most: int | None) -> DataScan:
    scan = DataScan(split, classes_of(dataset), ignored_by(dataset), len(dataset))
    for index in spread(scan.total, most):
        scan.seen += 1
        try:
            sample, is_plain = loaded_sample(dataset, index, f"sample {index} of {split}")
        except NoImageError:
            raise
        except Exception as error:  # noqa: BLE001  # the code of a dataset may raise anything
            path = path_of(dataset, index)
            text = " ".join(str(error).split()) or type(error).__name__
            of_file = text.removeprefix(f"{path} ")
            scan.add("unusable", path, f"can't be used: {text}" if of_file == text else of_file)
            continue
        path = sample.path or f"sample {index}"
        scan.contents.append((path, _digest(sample, is_plain)))
        _count(scan, sample, path)
    return scan


def _count(scan: DataScan, sample: Sample, path: str) -> None:
    """Count the labels of a sample, and add what is wrong with them."""
    if sample.mask is not None:
        scan.unit = "pixels"
        _count_mask(scan, sample.mask, sample.mask_path or path)
        return
    if sample.boxes is not None:
        scan.unit = "boxes"
    labels = sample.labels if sample.boxes is None else sample.box_labels
    scan.counts.update(labels or ())
    _refuse(scan, [*(labels or ())], path)


def _count_mask(scan: DataScan, mask: Any, path: str) -> None:
    values, counts = np.unique(mask, return_counts=True)
    found = dict(zip(values.tolist(), counts.tolist(), strict=True))
    scan.counts.update(found)
    _refuse(scan, [label for label in found if label != scan.ignored], path)
    if {*found} == {scan.ignored}:
        scan.add("mask", path, f"is empty: all its pixels are {scan.ignored}, which is ignored")
    rest = {*found} - {scan.ignored}
    if len(rest) == 1 and class_name(scan.classes, *rest).lower() in BACKGROUNDS:
        scan.add("mask", path, f"is empty: all its pixels are {class_name(scan.classes, *rest)}")


def _refuse(scan: DataScan, labels: Sequence[int], path: str) -> None:
    most = len(scan.classes)
    wrong = [each for each in labels if each < 0 or (most and each >= most)]
    if wrong:
        several = f"labels {', '.join(map(str, wrong))}" if len(wrong) > 1 else f"label {wrong[0]}"
        limit = f"labels are 0 to {most - 1}" if most else "labels are 0 or more"
        scan.add("label", path, f"has the {several}, out of range: {limit}")


def _digest(sample: Sample, is_plain: bool) -> bytes:
    """Return a digest of the pixels, or of the file where transforms have changed those."""
    content = _file(sample.path) if not is_plain else None
    if content is not None:
        return hashlib.sha256(content).digest()
    image = np.ascontiguousarray(sample.image)
    return hashlib.sha256(f"{image.shape} {image.dtype}".encode() + image.tobytes()).digest()


def _add_duplicates(scan: DataScan, trained: DataScan) -> None:
    known = {digest: path for path, digest in reversed(trained.contents)}
    for path, other in _shared(scan.contents, known):
        content = _file(path)
        is_same = content is not None and content == _file(other)
        what = "is the same file as" if is_same else "has the same pixels as"
        scan.add("duplicate", path, f"{what} {other} of {_TRAIN}")


def _shared(
    contents: Sequence[tuple[str, bytes]], known: Mapping[bytes, str]
) -> Iterator[tuple[str, str]]:
    for path, digest in dict.fromkeys(contents):
        if digest in known:
            yield path, known[digest]


def _file(path: str | None) -> bytes | None:
    """Return the content of a local file; None, if there is none to be read."""
    try:
        return None if path is None else Path(path).read_bytes()
    except (OSError, ValueError):
        return None
