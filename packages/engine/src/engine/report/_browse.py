"""Look at data: the images that a model is given, and what is wrong with them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset

from engine.config import Config
from engine.dataset import length_of, origin_of, using_classes
from engine.registry import DATASETS, DefaultScope, scope_of

from ._data_check import (
    DataFinding,
    DataScan,
    check_datasets,
    classes_of,
    ignored_by,
    metainfo_of,
    path_of,
)
from ._data_sheet import Cell, Palette, blank, describe, draw_page, draw_sample
from ._report import Pixels
from ._samples import (
    NoImageError,
    Norm,
    Sample,
    name_of,
    norm_of,
    pipeline_of,
    sample_of,
    shown,
    steps_of,
)

_SPLITS = ("train", "val", "test")
_SIDE = 224  # pixels, the largest of an image
_STAGE_SIDE = 160
_MOST_IN_ROW = 6
_WIDTH = 1200  # pixels, about that of a page


@dataclass(frozen=True)
class DataView:
    """What a dataset looks like.

    Attributes:
        image: The page, RGB `(H, W, 3)`.
        scans: Counts of labels, by split.
        notes: What had to be done to show the images.
        draw_tiles: What draws an image for each sample, by names that are fit for files.
    """

    image: Pixels
    scans: Sequence[DataScan]
    notes: Sequence[str]
    draw_tiles: Callable[[], Mapping[str, Pixels]] = field(repr=False)

    @property
    def findings(self) -> list[DataFinding]:
        """What is wrong, in all splits."""
        return [finding for scan in self.scans for finding in scan.findings]


def build_datasets(
    cfg: Config, on_error: Callable[[str, Exception], None] | None = None
) -> dict[str, Any]:
    """Build the datasets of a config, by `train`, `val` and `test`, as the Runner does.

    Splits with the same config share one dataset.

    Args:
        cfg: The config of a run.
        on_error: What is called with the name of a split whose data are missing or wrong, and the
            error; the split is left out then. None raises the error.

    Raises:
        ValueError: If the config has no dataset.
    """
    built: dict[str, Any] = {}
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        for split in _SPLITS:
            dataset = (cfg.get(f"{split}_dataloader") or {}).get("dataset")
            if dataset is None:
                continue
            same = [each for each in built if cfg[f"{each}_dataloader"]["dataset"] == dataset]
            try:
                with using_classes(
                    lambda: classes_of(built["train"]) if "train" in built else None
                ):
                    built[split] = built[same[0]] if same else _build(dataset)
            except (ValueError, OSError) as error:
                if on_error is None:
                    raise
                on_error(split, error)
    if not any(cfg.get(f"{split}_dataloader") for split in _SPLITS):
        raise ValueError(
            "the config has no dataset: none of train_dataloader, val_dataloader and "
            "test_dataloader"
        )
    return built


def browse(
    datasets: Any,
    split: str = "train",
    count: int = 16,
    seed: int = 0,
    stages: bool = False,
    most: int | None = None,
    is_bgr: bool = False,
) -> DataView:
    """Show samples of a dataset as a model is given them, and look for what is silently wrong.

    uint8 is shown as it is. A `Normalize` among the transforms, or an `img_norm_cfg` of the sample,
    is undone; other values are spread from the least to the largest. A page says so.

    Args:
        datasets: A dataset, or those of `build_datasets` by their splits.
        split: The split to show. All of them are checked.
        count: How many samples are shown.
        seed: What chooses them, and seeds the random transforms.
        stages: Whether to show a row for each sample, with its image after each transform.
        most: At how many samples of each split to look, at equal distances, for counts and
            findings; None means all.
        is_bgr: Whether the channels of images are blue, green and red.

    Raises:
        ValueError: If there is no such split, or it is empty or has no images, or no pipeline for
            `stages`.
        ImportError: If matplotlib is missing.
    """
    given = datasets if isinstance(datasets, Mapping) else {split: datasets}
    if split not in given:
        raise ValueError(f"there is no split {split!r}; there are {', '.join(given)}")
    for name, each in given.items():
        _check_sized(each, name)
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    dataset = given[split]
    chosen = random.Random(seed).sample(range(len(dataset)), min(count, len(dataset)))
    drawer = _Drawer(dataset, split, is_bgr)
    with _seeded(seed):
        rows = {
            index: drawer.stages(index) if stages else [drawer.cell(index)]
            for index in sorted(chosen)
        }
        scans = check_datasets(given, most)
    page = drawer.page(rows) if stages else drawer.page(rows, _MOST_IN_ROW)
    return DataView(page, scans, sorted(drawer.notes), partial(drawer.tiles, rows))


class _Drawer:
    """Draws the samples of a dataset.

    Args:
        dataset: The dataset.
        split: Its name.
        is_bgr: As in `browse`.

    Attributes:
        notes: What had to be done to show the images.
    """

    def __init__(self, dataset: Any, split: str, is_bgr: bool) -> None:
        self.notes: set[str] = set()
        self._dataset = dataset
        self._split = split
        self._is_bgr = is_bgr
        self._palette = Palette.of(metainfo_of(dataset), classes_of(dataset), ignored_by(dataset))
        self._labels: set[int] = set()
        self._captions: dict[int, str] = {}

    def cell(self, index: int) -> Cell:
        """Draw a sample as the dataset returns it."""
        where = f"sample {index} of {self._split}"
        inner, _ = origin_of(self._dataset, index)
        try:
            sample = sample_of(self._dataset[index], where)
        except NoImageError:
            raise
        except Exception as error:  # noqa: BLE001  # the code of a dataset may raise anything
            return Cell(blank(_SIDE), [_file(path_of(self._dataset, index)), _said(error)], True)
        pixels = self._draw(sample, norm_of(pipeline_of(inner)), _SIDE)
        texts = [describe(sample, self._palette), _file(sample.path or f"sample {index}")]
        return Cell(pixels, [text for text in texts if text])

    def stages(self, index: int) -> list[Cell]:
        """Draw a sample after each of its transforms."""
        where = f"sample {index} of {self._split}"
        inner, _ = origin_of(self._dataset, index)
        if not pipeline_of(inner):
            raise ValueError(
                f"{type(inner).__name__} has no pipeline, whose steps could be shown: it has no "
                "transforms, or is no BaseDataset"
            )
        cells: list[Cell] = []
        done: list[Any] = []
        missing: NoImageError | None = None
        first = 0  # the largest side of the first image, in pixels
        name, caption = "dataset", ""
        try:
            for step, data in steps_of(self._dataset, index):
                try:
                    sample = sample_of(data, where)
                except NoImageError as error:
                    missing = error
                    cells += [Cell(blank(_STAGE_SIDE), [name, "no image"])] if done else []
                else:
                    caption = describe(sample, self._palette) or caption
                    # One scale for all steps, so that what gets smaller looks smaller.
                    first = first or max(sample.image.shape[:2])
                    cells.append(self._stage(sample, name, done, first))
                name = name_of(step)
                done.append(step)
        except Exception as error:  # noqa: BLE001  # and so may a transform
            cells.append(Cell(blank(_STAGE_SIDE), [name, _said(error)], True))
        else:
            if missing is not None and all(cell.lines[1] == "no image" for cell in cells):
                raise missing
        path = _file(path_of(self._dataset, index))
        self._captions[index] = f"{path}: {caption}" if caption else path
        return cells

    def _stage(self, sample: Sample, name: str, done: Sequence[Any], first: int) -> Cell:
        """Draw a sample after some transforms, in the scale of the first image."""
        side = min(_STAGE_SIDE // first * max(sample.image.shape[:2]), 2 * _STAGE_SIDE)
        pixels = self._draw(sample, norm_of(done), side or _STAGE_SIDE)
        height, width, channels = sample.image.shape
        return Cell(pixels, [name, f"{height}×{width}×{channels} {sample.image.dtype}"])

    def page(self, rows: Mapping[int, Sequence[Cell]], in_row: int | None = None) -> Pixels:
        """Draw all cells on a page.

        Args:
            rows: The cells of each sample.
            in_row: How many samples with one cell stand in a row; None gives each a row.
        """
        total, what = len(self._dataset), "after each transform" if in_row is None else ""
        title = f"{self._split}: {len(rows)} of {total:,} samples {what or 'after the pipeline'}"
        lines = [title, *sorted(self.notes)]
        labels = sorted(self._labels)
        if in_row is None:
            titles = [self._captions[index] for index in rows]
            return draw_page([*rows.values()], self._palette, labels, lines, titles)
        cells = [cell for row in rows.values() for cell in row]
        widest = max(cell.pixels.shape[1] for cell in cells)
        number = max(1, min(in_row, _WIDTH // widest))
        number = math.ceil(len(cells) / math.ceil(len(cells) / number))  # full rows look better
        grid = [cells[n : n + number] for n in range(0, len(cells), number)]
        return draw_page(grid, self._palette, labels, lines)

    def tiles(self, rows: Mapping[int, Sequence[Cell]]) -> dict[str, Pixels]:
        """Draw an image for each sample."""
        labels, digits = sorted(self._labels), len(str(len(self._dataset)))
        return {
            f"{self._split}_{index:0{digits}}": draw_page([row], self._palette, labels, ())
            for index, row in rows.items()
        }

    def _draw(self, sample: Sample, norm: Norm | None, side: int) -> Pixels:
        image, note = shown(sample.image, sample.norm or norm, self._is_bgr)
        if note:
            self.notes.add(note)
        if sample.mask is not None:
            self._labels.update(np.unique(sample.mask).tolist())
        return draw_sample(sample, image, self._palette, side)


def _build(cfg: Any) -> Any:
    dataset = DATASETS.build(cfg) if isinstance(cfg, Mapping) else cfg
    if hasattr(dataset, "full_init"):
        dataset.full_init()
    return dataset


def _check_sized(dataset: Any, split: str) -> None:
    length = length_of(dataset)
    is_stream = isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__")
    if length is None or is_stream:
        raise ValueError(
            f"{split}: {type(dataset).__name__} can't be looked into: it must have a length and be "
            "read by index, which a stream is not"
        )
    if length == 0:
        raise ValueError(f"{split}: {type(dataset).__name__} has no samples")


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the generators in a block, and put them back after it."""
    own, of_numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(own)
            np.random.set_state(of_numpy)


def _file(path: str) -> str:
    return Path(path).name or path


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
