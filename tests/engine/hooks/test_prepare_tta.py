"""Tests with several augmented views of each sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import nn

from engine.config import Config, ConfigError
from engine.dataset import Compose
from engine.evaluator import BaseMetric
from engine.hooks import Hook, PrepareTTAHook, build_runner_with_tta
from engine.model import BaseModel, BaseTTAModel
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class Doubler(BaseModel):
    """Predicts twice its input."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        pairs = zip(inputs, data_samples, strict=True)
        return [{"out": self.factor * x, "name": name} for x, name in pairs]


class Mean(BaseTTAModel):
    """The mean of the predictions."""

    def merge_preds(self, data_samples_list: list[list[Any]]) -> list[Any]:
        merged = []
        for views in data_samples_list:
            assert len({view["name"] for view in views}) == 1
            out = torch.stack([view["out"] for view in views]).mean()
            merged.append({"out": out, "views": len(views)})
        return merged


class Numbers(torch.utils.data.Dataset[Any]):
    """The numbers from 0 to 4, through a pipeline."""

    def __init__(self, pipeline: Sequence[Any]) -> None:
        self.pipeline = Compose(pipeline)

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        return self.pipeline({"inputs": torch.tensor(float(index)), "data_samples": f"n{index}"})


class Wrapped(torch.utils.data.Dataset[Any]):
    """A dataset around another."""

    def __init__(self, dataset: dict[str, Any]) -> None:
        self.dataset = Numbers(**{key: dataset[key] for key in dataset if key != "type"})

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[index]


def views(sample: dict[str, Any]) -> dict[str, Any]:
    """Two views: the number, and one more."""
    number, name = sample["inputs"], sample["data_samples"]
    return {"inputs": [number, number + 1], "data_samples": [name, name]}


def single(sample: dict[str, Any]) -> dict[str, Any]:
    return sample


class Total(BaseMetric):
    """The sum of the predictions, and the number of views."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        self.results += [[float(s["out"]), s.get("views", 1)] for s in data_samples]

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        return {"sum": sum(r[0] for r in results), "views": max(r[1] for r in results)}


def _cfg(toy_cfg: CfgMaker, wrapped: bool = False, **changes: Any) -> Config:
    dataset: dict[str, Any] = {"type": Numbers, "pipeline": [single]}
    if wrapped:
        dataset = {"type": Wrapped, "dataset": dataset}
    loader = {
        "batch_size": 2,
        "sampler": {"type": "DefaultSampler", "shuffle": False},
        "dataset": dataset,
    }
    return toy_cfg(
        model={"type": Doubler},
        test_dataloader=loader,
        test_evaluator={"type": Total},
        tta_model={"type": Mean},
        tta_pipeline=[views],
        **changes,
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_views_are_merged(toy_cfg: CfgMaker, wrapped: bool) -> None:
    cfg = _cfg(toy_cfg, wrapped)
    before = cfg.to_dict()
    runner = build_runner_with_tta(cfg)
    assert cfg.to_dict() == before
    assert [hook.type for hook in runner.cfg.custom_hooks] == ["engine.PrepareTTAHook"]
    assert runner.test() == {"sum": 2 * (10 + 5 * 0.5), "views": 2}
    assert isinstance(runner.model, Doubler)
    assert runner.test() == {"sum": 25.0, "views": 2}  # nothing is wrapped twice


class _Breaks(Hook):
    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        assert isinstance(runner.model, Mean)
        raise OSError("the disk is gone")


def test_the_model_comes_back_when_the_test_fails(toy_cfg: CfgMaker) -> None:
    runner = build_runner_with_tta(_cfg(toy_cfg, custom_hooks=[_Breaks()]))
    with pytest.raises(OSError, match="the disk is gone"):
        runner.test()
    assert isinstance(runner.model, Doubler)


def test_without_the_hook_a_test_is_as_ever(toy_cfg: CfgMaker) -> None:
    assert Runner.from_cfg(_cfg(toy_cfg)).test() == {"sum": 20.0, "views": 1}
    assert PrepareTTAHook({"type": Mean}).get_triggered_stages() == [
        "before_test",
        "after_test",
        "after_run",
    ]


def test_mistakes(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ConfigError, match="needs tta_model and tta_pipeline in the config"):
        build_runner_with_tta(toy_cfg())
    cfg = _cfg(toy_cfg)
    del cfg["tta_model"]
    with pytest.raises(ConfigError, match="a test with augmentation needs tta_model in"):
        build_runner_with_tta(cfg)
    bare = toy_cfg(tta_model={"type": Mean}, tta_pipeline=[views])
    with pytest.raises(ConfigError, match=r"test_dataloader.dataset has no pipeline for"):
        build_runner_with_tta(bare)
    bare.test_dataloader = None
    with pytest.raises(ConfigError, match=r"needs test_dataloader.dataset in the config"):
        build_runner_with_tta(bare)
