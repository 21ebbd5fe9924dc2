"""Metrics, alone and together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.evaluator import BaseMetric, Evaluator, get_metric_value
from engine.registry import EVALUATOR, METRICS
from engine.structures import BaseDataElement, LabelData


class Accuracy(BaseMetric):
    """The part of samples whose prediction is right."""

    default_prefix = "accuracy"

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        self.results += [
            {"right": sample["pred"]["label"] == sample["gt"]["label"]} for sample in data_samples
        ]

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"top1": np.mean([result["right"] for result in results])}


class Echo(BaseMetric):
    """The results themselves."""

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"all": results, "batch": self.dataset_meta}


class Scores(Accuracy):
    """Another metric with the same names."""


def sample(pred: int, gt: int) -> BaseDataElement:
    return BaseDataElement(pred=LabelData(label=pred), gt=LabelData(label=gt))


def test_samples_reach_a_metric_as_dictionaries() -> None:
    METRICS.register_module(name="AccuracyForTest", force=True)(Accuracy)
    evaluator = EVALUATOR.build({"type": "Evaluator", "metrics": {"type": "AccuracyForTest"}})
    evaluator.process([sample(1, 1), sample(2, 1)], data_batch={"inputs": []})
    evaluator.process([sample(3, 3), sample(0, 0)])
    values = evaluator.evaluate(4)
    assert values == {"accuracy/top1": 0.75}
    assert type(values["accuracy/top1"]) is float


def test_results_beyond_the_data_set_are_dropped_and_then_forgotten() -> None:
    metric = Echo()
    metric.process(None, [1, 2, 3, 1])
    assert metric.evaluate(3)["all"] == [1, 2, 3]
    metric.process(None, [4])
    assert metric.evaluate(3)["all"] == [4]


def test_tensors_in_results_arrive_in_main_memory() -> None:
    metric = Echo()
    metric.process(None, [{"a": [torch.ones(2)], "b": (1, torch.zeros(1))}])
    (result,) = metric.evaluate(1)["all"]
    assert torch.equal(result["a"][0], torch.ones(2))
    assert result["b"][0] == 1
    assert result["b"][1].device.type == "cpu"


def test_prefixes() -> None:
    for metric, name in [
        (Accuracy(), "accuracy/top1"),
        (Accuracy(prefix="val"), "val/top1"),
        (Accuracy("cpu", "test"), "test/top1"),
    ]:
        metric.process(None, [sample(1, 1).to_dict()])
        assert metric.evaluate(1) == {name: 1.0}
    plain = Echo()
    plain.process(None, [1])
    assert set(plain.evaluate(1)) == {"all", "batch"}


def test_all_metrics_know_the_data_set() -> None:
    evaluator = Evaluator([Echo(prefix="a"), Echo(prefix="b")])
    evaluator.dataset_meta = {"classes": ["x"]}
    assert evaluator.dataset_meta == {"classes": ["x"]}
    evaluator.process([1])
    values = evaluator.evaluate(1)
    assert values["a/batch"] == values["b/batch"] == {"classes": ["x"]}


def test_a_name_given_twice_is_an_error() -> None:
    evaluator = Evaluator([Accuracy(), Scores()])
    evaluator.process([sample(1, 1)])
    with pytest.raises(ValueError, match=r"Accuracy and Scores both give a value 'accuracy/top1'"):
        evaluator.evaluate(1)


class Total(Echo):
    """A sum, which divides by nothing."""

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"mean": sum(results) / len(results)}


class MeanOfNothing(Echo):
    """Gives a NaN where there are no results."""

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"mean": float("nan")}


@pytest.mark.parametrize("metric", [Accuracy, Total, MeanOfNothing])
def test_no_results_are_an_error_for_a_metric_of_results(metric: type[BaseMetric]) -> None:
    with pytest.raises(ValueError, match=f"{metric.__name__} has no results: its process"):
        metric().evaluate(3)


class Writes(Echo):
    """Writes the samples into a file, and gives no value."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ended = 0

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        with self.path.open("a") as file:
            file.writelines(map(str, data_samples))

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        self.ended += 1
        return {}


def test_a_metric_that_only_writes_files_is_told_and_is_no_loss_to_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writes = Writes(tmp_path / "samples")
    evaluator = Evaluator([writes, Echo()])
    evaluator.process([1, 2, 3])
    assert evaluator.evaluate(3) == {"all": [1, 2, 3], "batch": None}
    assert (tmp_path / "samples").read_text() == "123"
    assert writes.ended == 1
    assert caplog.text.count("Writes has no results: its process() appended none") == 1
    assert "Echo" not in caplog.text


def test_a_value_is_found_by_its_name_or_its_end() -> None:
    metrics = {"a/top1": 1, "b/top1": 2, "mIoU": 3, "b/top5": 4}
    assert get_metric_value("a/top1", metrics) == 1
    assert get_metric_value("mIoU", metrics) == 3
    assert get_metric_value("top5", metrics) == 4
    with pytest.raises(ValueError, match="may mean a/top1 or b/top1"):
        get_metric_value("top1", metrics)
    with pytest.raises(ValueError, match="no metric 'top'; there are a/top1, b/top1, mIoU, b/top5"):
        get_metric_value("top", metrics)
    with pytest.raises(ValueError, match="there are none"):
        get_metric_value("top", {})
