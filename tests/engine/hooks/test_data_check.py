"""What is told of labels and classes before the first step."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from engine.config import Config
from engine.dataset import LabelCounts
from engine.hooks import DataCheckHook
from engine.runner import Runner

from ..conftest import ToyData, ToyModel

CfgMaker = Callable[..., Config]
CLASSES = ("ant", "bee", "cat")


class Labeled(ToyData):
    """Points whose labels a check may count; it remembers how often that was done."""

    counted = 0

    def __init__(self, counts: Mapping[int, int], key: str | None = None, **facts: Any) -> None:
        super().__init__()
        self.metainfo = {"classes": CLASSES}
        self.found = LabelCounts(40, facts.pop("seen", 40), dict(counts), **facts)
        self.key = key

    def full_init(self) -> None:
        """Do nothing: it is ready."""

    def get_data_info(self, idx: int) -> dict[str, Any]:
        return {"gt_label": idx}

    def count_labels(self, most: int) -> LabelCounts:
        type(self).counted += 1
        return self.found

    def labels_key(self, most: int) -> str | None:
        return self.key


class Head(nn.Identity):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes


class Headed(ToyModel):
    """A model with a head of so many classes."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.head = Head(num_classes)


def train(toy_cfg: CfgMaker, dataset: Any, num_classes: int = 3, **changes: Any) -> None:
    cfg = toy_cfg(
        model={"type": Headed, "num_classes": num_classes},
        train_cfg={"by_epoch": True, "max_epochs": 1},
        **changes,
    )
    cfg.train_dataloader.dataset = dataset
    Runner.from_cfg(cfg).train()


def labeled(counts: Mapping[int, int], **facts: Any) -> dict[str, Any]:
    return {"type": Labeled, "counts": [*counts.items()], **facts}


EVEN = {0: 5, 1: 5, 2: 5}


def test_labels_as_they_should_be_are_not_told(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture
) -> None:
    train(toy_cfg, labeled(EVEN))
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "train_dataloader.dataset: its 40 samples have no label of 2 of the 3 classes: "),
        ({"seen": 7}, "the 7 samples looked at (of 40) have no label of 2 of the 3 classes: "),
        ({"hint": "take 255 for one"}, "bee, cat; take 255 for one"),
    ],
)
def test_a_class_that_never_occurs_is_a_warning(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture, facts: dict[str, Any], text: str
) -> None:
    train(toy_cfg, labeled({0: 9}, **facts))
    assert text in caplog.text


def test_wrappers_are_looked_into(toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture) -> None:
    both = {
        "type": "ConcatDataset",
        "datasets": [
            {"type": "RepeatDataset", "times": 2, "dataset": labeled({0: 9})},
            labeled(EVEN),
        ],
    }
    train(toy_cfg, both)
    assert caplog.text.count("have no label of 2 of the 3 classes: bee, cat") == 1


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_sample_that_cannot_be_used_is_an_error(toy_cfg: CfgMaker, split: str) -> None:
    bad = labeled(EVEN, faults=[f"{number}.png has the label 7" for number in range(8)])
    wanted = rf"{split}_dataloader.dataset: 8 of its 40 samples can't be used:\n  0.png has"
    given = {"train": labeled(EVEN), "val": labeled(EVEN), split: bad}
    loader = {**toy_cfg().val_dataloader, "dataset": given["val"]}
    with pytest.raises(ValueError, match=wanted) as caught:
        train(toy_cfg, given["train"], val_dataloader=loader)
    assert str(caught.value).endswith("\n  and 3 more")


def test_a_head_of_too_few_classes_is_an_error(toy_cfg: CfgMaker) -> None:
    wanted = "model.head.num_classes is 2, and the training data has 3 classes: ant, bee, cat"
    with pytest.raises(ValueError, match=wanted):
        train(toy_cfg, labeled(EVEN), num_classes=2)


def test_a_head_of_more_classes_is_a_warning(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture
) -> None:
    train(toy_cfg, labeled(EVEN), num_classes=4)
    assert "model.head.num_classes is 4, and the training data has 3 classes" in caplog.text


def test_counts_are_kept_until_the_data_change(
    toy_cfg: CfgMaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def counted(key: str | None) -> int:
        before = Labeled.counted
        train(toy_cfg, labeled({0: 9}, key=key))
        return Labeled.counted - before

    file = tmp_path / "run" / "data_check.json"
    assert [counted(key) for key in ("a", "a", "b", "b", None, None)] == [1, 0, 1, 0, 1, 1]
    assert caplog.text.count("have no label of 2 of the 3 classes") == 6
    assert [*json.loads(file.read_text())] == ["b"]
    for damaged in ("{", "[]", '{"b": 3}', '{"b": {"total": 3}}'):
        file.write_text(damaged)
        assert counted("b") == 1


def test_the_check_can_be_left_out(toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture) -> None:
    train(toy_cfg, labeled({0: 9}), num_classes=2, default_hooks={"data_check": None})
    assert not caplog.text


def test_wrong_arguments_are_refused(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="most of DataCheckHook is at least 1; got 0"):
        DataCheckHook(0)
    dataset = Labeled(EVEN)
    dataset.found = {"total": 3}  # type: ignore[assignment]
    with pytest.raises(TypeError, match="count_labels of Labeled returns a LabelCounts; got"):
        train(toy_cfg, dataset)
