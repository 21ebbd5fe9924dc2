"""Check of labels and classes before the first step of a training."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from engine.dataset import LabelCounts, datasets_within
from engine.fileio import put_text
from engine.registry import HOOKS
from engine.utils import check_types

from ._hook import Hook, RunnerLike

_FILE = "data_check.json"
_MOST_SHOWN = 5


@HOOKS.register_module()
class DataCheckHook(Hook):
    """Tells before the first step what is wrong with the labels of a training.

    A sample that can't be used, a label without a class, and a head with fewer classes than the
    data are errors; a class that never occurs, and a head with more classes, are warnings. What is
    found in files is kept in `data_check.json` in the work directory, and used again until a file
    or the way in which it is read has changed.

    Datasets take part that have a method `count_labels(most)`, which returns a
    `engine.dataset.LabelCounts`, and a method `labels_key(most)`, which returns a text that changes
    with what was counted, or None if the counts are not worth keeping. Others are not checked.

    Args:
        most: From how many samples, at equal distances, a dataset reads files to count labels.
    """

    priority: str | int = "VERY_HIGH"

    @check_types
    def __init__(self, most: int = 200) -> None:
        if most < 1:
            raise ValueError(f"most of DataCheckHook is at least 1; got {most}")
        self.most = most

    def before_train(self, runner: RunnerLike) -> None:
        """Check the training data, and the samples of the validation data.

        Raises:
            ValueError: If the training can't run with them.
        """
        cache = _Cache(Path(runner.work_dir, _FILE))
        loaders = {"train": runner.train_dataloader}
        if getattr(runner, "val_loop", None) is not None:
            loaders["val"] = runner.val_dataloader
        for split, loader in loaders.items():
            for dataset in datasets_within(getattr(loader, "dataset", None)):
                if hasattr(dataset, "count_labels"):
                    name = f"{split}_dataloader.dataset"
                    classes = list(map(str, dataset.metainfo.get("classes") or ()))
                    found = cache.counts_of(dataset, self.most)
                    _check_faults(found, name)
                    if split == "train" and classes:
                        _check_heads(runner, classes)
                        _warn_of_absent(runner, found, classes, name)
        if runner.rank == 0:
            cache.save()


class _Cache:
    """Counts in a file, by what was counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)
        self._used: dict[str, dict[str, Any]] = {}

    def counts_of(self, dataset: Any, most: int) -> LabelCounts:
        """Return the counts of a dataset, from the file if it has them."""
        key = dataset.labels_key(most)
        if key is None:
            return _counted(dataset, most)
        try:
            found = LabelCounts.from_dict(self._used.get(key) or self._known[key])
        except (KeyError, TypeError, ValueError):
            found = _counted(dataset, most)
        if not found.faults:
            self._used[key] = found.to_dict()
        return found

    def save(self) -> None:
        """Write those that were asked for, if there are others in the file."""
        if self._used and self._used != self._known:
            put_text(json.dumps(self._used, indent=2), self._path)


def _counted(dataset: Any, most: int) -> LabelCounts:
    found = dataset.count_labels(most)
    if not isinstance(found, LabelCounts):
        raise TypeError(
            f"count_labels of {type(dataset).__name__} returns a LabelCounts; got {found!r}"
        )
    return found


def _read(path: Path) -> Mapping[str, Any]:
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, Mapping) else {}


def _check_faults(found: LabelCounts, name: str) -> None:
    if found.faults:
        lines = "".join(f"\n  {fault}" for fault in found.faults[:_MOST_SHOWN])
        more = len(found.faults) - _MOST_SHOWN
        raise ValueError(
            f"{name}: {len(found.faults)} of {_seen(found)} can't be used:{lines}"
            + (f"\n  and {more} more" if more > 0 else "")
        )


def _check_heads(runner: RunnerLike, classes: Sequence[str]) -> None:
    for path, count in _heads(runner.model):
        if count == len(classes) or (count == 1 and len(classes) == 2):  # one logit of two classes
            continue
        text = (
            f"{path}.num_classes is {count}, and the training data has {len(classes)} "
            f"classes: {_few(classes)}"
        )
        if count < len(classes):
            raise ValueError(text)
        runner.logger.warning(text)


def _heads(model: nn.Module) -> Iterator[tuple[str, int]]:
    """Yield the path in the config and the number of classes of each head."""
    for name, module in model.named_modules():
        path = name.removeprefix("module.")
        count = getattr(module, "num_classes", None)
        if path and "backbone" not in path and type(count) is int and count > 0:
            yield f"model.{path}", count


def _warn_of_absent(
    runner: RunnerLike, found: LabelCounts, classes: Sequence[str], name: str
) -> None:
    absent = [each for label, each in enumerate(classes) if not found.counts.get(label)]
    if absent and found.seen:
        runner.logger.warning(
            "%s: %s have no label of %d of the %d classes: %s%s",
            name,
            _seen(found),
            len(absent),
            len(classes),
            _few(absent),
            f"; {found.hint}" if found.hint else "",
        )


def _seen(found: LabelCounts) -> str:
    if found.seen == found.total:
        return f"its {found.total:,} samples"
    return f"the {found.seen:,} samples looked at (of {found.total:,})"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
