"""Classes of the training data, which hold for datasets that infer theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

from engine.config import Config
from engine.dataset import BaseDataset, classes_for
from engine.logging import get_logger
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class Points(Dataset[Any]):
    """Points of three classes."""

    def __init__(self, classes: Sequence[str] = ()) -> None:
        self.metainfo = {"classes": classes}

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return {"inputs": torch.full((4,), float(index)), "data_samples": torch.tensor(index % 3)}


class InferringData(BaseDataset):
    """A dataset of a user, whose classes are those of its samples."""

    def __init__(self, names: list[str], **kwargs: Any) -> None:
        self.names = names
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        classes = classes_for(self.names, "the toy data")
        self._metainfo["classes"] = classes
        return [{"label": classes.index(name)} for name in self.names]

    def __getitem__(self, index: int) -> Any:
        label = torch.tensor(self.get_data_info(index)["label"])
        return {"inputs": torch.full((4,), float(index)), "data_samples": label}


def _loader(**dataset: Any) -> dict[str, Any]:
    return {
        "batch_size": 2,
        "sampler": {"type": "DefaultSampler", "shuffle": False},
        "dataset": {"type": InferringData, **dataset},
        "collate_fn": "default_collate",
    }


def test_a_dataset_of_a_user_takes_the_classes_of_the_training(toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(
        toy_cfg(
            train_dataloader=_loader(names=["a", "b", "c", "a"]),
            val_dataloader=_loader(names=["c", "a"]),
            train_cfg={"by_epoch": True, "max_epochs": 1},
        )
    )
    runner.train()
    assert runner.val_dataloader.dataset[0]["data_samples"] == 2
    assert (runner.val_evaluator.dataset_meta or {})["classes"] == ("a", "b", "c")


@pytest.mark.parametrize(("val", "is_told"), [(["a", "b"], False), (["b", "a", "c"], True)])
def test_other_numbers_of_given_classes_are_told(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture, val: list[str], is_told: bool
) -> None:
    def loader(classes: list[str]) -> dict[str, Any]:
        return _loader() | {"dataset": {"type": Points, "classes": classes}}

    runner = Runner.from_cfg(
        toy_cfg(
            train_dataloader=loader(["a", "b", "c"]),
            val_dataloader=loader(val),
            train_cfg={"by_epoch": True, "max_epochs": 1},
        )
    )
    get_logger().addHandler(caplog.handler)
    runner.train()
    told = "Label 0 is 'b' in the val data and 'a' in the training data"
    assert (told in caplog.text) is is_told
