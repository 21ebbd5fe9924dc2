"""Base class of the hooks that report a test."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from engine.dist import gather_object, get_results_group
from engine.hooks import Hook
from engine.model import unwrap
from engine.registry import HOOKS, needs_trust
from engine.registry.restrictions import NAMES_FILE_OF_RUN
from engine.visualization import require_matplotlib

from ._features import SUFFIXES, FeatureTap, places, write_features
from ._report import Pixels, Report, Tile, write_rows
from ._worst import WorstImages

if TYPE_CHECKING:
    from engine.runner import Runner

_ROWS = (".csv", ".jsonl")


class Observation(NamedTuple):
    """What a report keeps of an image.

    Attributes:
        record: Plain data and tensors, which travel to the first process.
        cost: How wrong the prediction is; None where the truth is not known.
        facts: What the page says of the image, if it is one of the worst.
    """

    record: dict[str, Any]
    cost: float | None
    facts: Mapping[str, str | int | float | None]


@needs_trust(save_predictions=NAMES_FILE_OF_RUN, save_features=NAMES_FILE_OF_RUN)
class ReportHook(Hook):
    """Reports a test: tables, pictures and the worst images, in a folder `report` of the run.

    A subclass says what there is to know of an image (`observe`), how one is shown (`draw`), what
    the report says of all of them (`summarize`), and which module has their features (`tap`). What
    is kept are the records of all images and the pixels of the worst ones. The records of several
    processes come together in the first one, in the order of the dataset.

    Args:
        num_worst: How many of the worst images the page shows.
        save_predictions: A file for what was predicted for each image, `.csv` or `.jsonl`, from
            the folder of the report on.
        save_features: A file for the features of each image, `.npz` or `.safetensors`, likewise.
        write_report: Whether there is a report, not these files alone.

    Attributes:
        folder: The folder of the last report.
        report: The last report, in the process that wrote it.
        page: Its page, likewise.
        files: The files that were written beside it, likewise.
        tapped: What takes the features during a test, if they are wanted.
        dataset_meta: What is known about the dataset of the test.

    Raises:
        ValueError: If `num_worst` is negative, or a file has another suffix.
    """

    priority: str | int = "LOWEST"
    options: ClassVar[tuple[str, ...]] = (
        "num_worst",
        "save_predictions",
        "save_features",
        "write_report",
    )
    """The arguments of the constructor, which are attributes too."""
    dataset_meta: Mapping[str, Any]

    def __init__(
        self,
        num_worst: int = 24,
        save_predictions: str | None = None,
        save_features: str | None = None,
        write_report: bool = True,
    ) -> None:
        self.num_worst = num_worst
        self.save_predictions = save_predictions
        self.save_features = save_features
        self.write_report = write_report
        self.report: Report | None = None
        self.page: Path | None = None
        self.tapped: FeatureTap | None = None
        self.files: list[Path] = []
        self.check()

    def check(self) -> None:
        """Make sure that the options are right.

        Raises:
            ValueError: If one is wrong.
        """
        if self.num_worst < 0:
            raise ValueError(f"num_worst is at least 0; got {self.num_worst}")
        files = (("save_predictions", _ROWS), ("save_features", SUFFIXES))
        for name, suffixes in files:
            file = getattr(self, name)
            if file is not None and Path(file).suffix not in suffixes:
                raise ValueError(f"{name} is a file {' or '.join(suffixes)}; got {file!r}")

    # -- What a subclass writes ----------------------------------------------------------------

    @abstractmethod
    def observe(self, samples: Sequence[Any]) -> list[Observation]:
        """Return what there is to know of the images of a batch.

        Args:
            samples: The outputs of the model.
        """

    @abstractmethod
    def draw(self, image: Tensor, sample: Any) -> Pixels:
        """Return a small picture of an image.

        Args:
            image: The image as the data loader gave it, `(C, H, W)`.
            sample: The output of the model.
        """

    @abstractmethod
    def summarize(self, records: Sequence[dict[str, Any]], features: Tensor | None) -> Report:
        """Return the report of a test whose truth is known, without its worst images.

        Args:
            records: What was observed of all images, in the order of the dataset, and `index`,
                their place in it, and `img_path`, their file or None.
            features: Those of all images, `(N, D)`, if `needs_features` says so.
        """

    @abstractmethod
    def tap(self, model: Any) -> FeatureTap:
        """Return what takes the features of images from a model.

        Args:
            model: The model, without wrappers.
        """

    def finish(self, runner: Runner) -> None:
        """Act behind the last batch, in all processes, before the records come together."""

    def save_one(self, record: dict[str, Any], sample: Any, file: Path) -> None:
        """Write of an image what is no row of a table, and note in its record where.

        Args:
            record: What was observed of it.
            sample: The output of the model.
            file: The file for all predictions.
        """

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        """Yield what `save_predictions` writes of each image, as plain data.

        Args:
            records: As in `summarize`.
        """
        for record in records:
            yield {
                name: value.tolist() if isinstance(value, Tensor) else value
                for name, value in record.items()
            }

    @property
    def needs_features(self) -> bool:
        """Whether the features of the images are wanted."""
        return self.save_features is not None

    # -- The points of the run -----------------------------------------------------------------

    def before_test(self, runner: Runner) -> None:
        """Prepare, and make sure that the report can be drawn, before a long test."""
        if self.write_report:
            require_matplotlib()
        self.folder: Path = Path(runner.log_dir) / "report"
        self.report, self.page, self.files = None, None, []
        self.dataset_meta = runner.test_loop.evaluator.dataset_meta or {}
        self._records: list[dict[str, Any]] = []
        self._features: list[Tensor] = []
        self._worst = WorstImages(self.num_worst if self.write_report else 0)
        self._metrics: Mapping[str, Any] = {}
        self._seen = 0
        self._knows_truth = False
        if self.needs_features:
            model: Any = unwrap(runner.model)
            self.tapped = self.tap(getattr(model, "module", model))  # within one that augments

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Observe the images of a batch."""
        given = outputs or ()
        indices = places(self._seen, len(given), len(runner.test_loop.dataloader.dataset))
        self._seen += len(given)
        samples = given[: len(indices)]  # the others were repeated to fill the last batch
        if self.tapped is not None:
            self._features += [*self.tapped.take(len(given))[: len(indices)].cpu()]
        images = _images(data_batch)[: len(indices)]
        observed = self.observe(samples) if samples else []
        for index, image, sample, seen in zip(indices, images, samples, observed, strict=True):
            path = sample.get("img_path")
            known = {"index": index, "img_path": None if path is None else str(path)}
            self._records.append({**known, **seen.record})
            if self.save_predictions is not None:
                self.save_one(self._records[-1], sample, self.folder / self.save_predictions)
            if seen.cost is not None:
                self._knows_truth = True
                facts = {**known, **seen.facts}
                self._worst.offer(seen.cost, index, partial(self._tile, image, sample, facts))

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Keep the metrics for the report."""
        self._metrics = metrics or {}

    def after_test(self, runner: Runner) -> None:
        """Write the report and the other files."""
        self.finish(runner)
        self._remove_tap()
        worst = self._worst.gather()
        records, features = _gather(self._records, self._features)
        self._records, self._features = [], []
        if not records:
            return
        self._write_exports(records, features)
        if not self.write_report:
            return
        if not self._knows_truth:
            runner.logger.info("There is no report: the images have no truth to compare with")
            return
        made = self.summarize(records, features)
        facts = {
            "config": getattr(runner.cfg, "filename", None),
            "work dir": runner.work_dir,
            "images": len(records),
            **made.facts,
        }
        numbers = {n: v for n, v in self._metrics.items() if isinstance(v, int | float)}
        self.report = replace(made, facts=facts, values={**numbers, **made.values}, worst=worst)
        self.page = self.report.write(self.folder)

    def after_run(self, runner: Runner) -> None:
        """Take no more features, also where the test was interrupted."""
        self._remove_tap()

    def _write_exports(self, records: Sequence[dict[str, Any]], features: Tensor | None) -> None:
        if self.save_predictions is not None:
            self.files.append(self.folder / self.save_predictions)
            write_rows(self.files[-1], self.rows(records))
        if self.save_features is not None and features is not None:
            self.files.append(self.folder / self.save_features)
            labels = [record.get("label") for record in records]
            known = None if None in labels else torch.tensor(labels)
            names = [record["img_path"] or "" for record in records]
            write_features(self.files[-1], features, known, names)

    def _tile(self, image: Tensor, sample: Any, facts: Mapping[str, Any]) -> Tile:
        return Tile(self.draw(image, sample), facts)

    def _remove_tap(self) -> None:
        if self.tapped is not None:
            self.tapped.remove()
            self.tapped = None


def add_report(runner: Runner, **options: Any) -> ReportHook | None:
    """Give a runner the report of its model's task, or change the options of one that it has.

    Args:
        runner: The runner. `test_report` of its model names the hook.
        **options: Options of the hook; None means that of the hook.

    Returns:
        The hook, or None where the task of the model has none.

    Raises:
        ValueError: If the hook has no such option, or it is wrong.
    """
    hook = next((each for each in runner.hooks if isinstance(each, ReportHook)), None)
    if hook is None:
        named = getattr(unwrap(runner.model), "test_report", None)
        if named is None:
            return None
        hook = HOOKS.build({"type": named})
        runner.register_hook(hook)
    for name, value in options.items():
        if value is None:
            continue
        if name not in hook.options:
            raise ValueError(f"{type(hook).__name__} has no {name}")
        setattr(hook, name, value)
    hook.check()
    return hook


def _images(batch: Any) -> Sequence[Tensor]:
    """Return the images of a batch; of several views, the first."""
    images: Any = batch["inputs"]
    views: Sequence[Tensor] = images[0] if isinstance(images[0], list | tuple) else images
    return views


def _gather(
    records: list[dict[str, Any]], features: list[Tensor]
) -> tuple[list[dict[str, Any]], Tensor | None]:
    """Bring all to the first process, in the order of the dataset."""
    own: Any = [records, torch.stack(features) if features else None]
    parts = gather_object(own, group=get_results_group()) or []
    together = [record for part, _ in parts for record in part]
    order = sorted(range(len(together)), key=lambda place: together[place]["index"])
    there = [each for _, each in parts if each is not None]
    return [together[place] for place in order], torch.cat(there)[order] if there else None
