"""The outputs of a model as a file, and values for outputs that are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluator import BaseMetric, DumpResults, Evaluator
from engine.fileio import load
from engine.structures import BaseDataElement


class Mean(BaseMetric):
    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        weights = [1] * len(data_samples) if data_batch is None else data_batch
        self.results += [s["v"] * w for s, w in zip(data_samples, weights, strict=True)]

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        return {"mean": sum(results) / len(results)}


def outputs() -> list[BaseDataElement]:
    return [
        BaseDataElement(score=torch.rand(3), v=torch.tensor(float(n)), metainfo=dict(name=f"n{n}"))
        for n in range(5)
    ]


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_tensors_stay_tensors(tmp_path: Path, suffix: str) -> None:
    samples, file = outputs(), tmp_path / f"out{suffix}"
    evaluator = Evaluator([DumpResults(str(file)), Mean()])
    assert evaluator.offline_evaluate(samples) == {"mean": 2.0}
    told = torch.load(file, weights_only=True)["results"]
    assert [each["name"] for each in told] == [f"n{n}" for n in range(5)]
    for each, sample in zip(told, samples, strict=True):
        assert torch.equal(each["score"], sample.score)


def test_json(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    sample = {"a": np.arange(2), "b": np.float32(1.5), "c": ({"d": torch.eye(2)}, None)}
    Evaluator(DumpResults(str(file))).offline_evaluate([sample])
    assert load(file) == [{"a": [0, 1], "b": 1.5, "c": [{"d": [[1, 0], [0, 1]]}, None]}]


def test_a_url() -> None:
    Evaluator(DumpResults("memory://dumped.json")).offline_evaluate([{"v": 1}])
    assert load("memory://dumped.json") == [{"v": 1}]


def test_other_kinds_of_files_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got 'a.pkl'. A pickle could run anything when it is re"):
        DumpResults("a.pkl")


@given(st.lists(st.integers(-9, 9), min_size=1), st.integers(1, 12), st.booleans())
def test_chunks_change_nothing(values: list[int], chunk_size: int, with_data: bool) -> None:
    samples = [{"v": value} for value in values]
    data = [2] * len(values) if with_data else None
    got = Evaluator(Mean()).offline_evaluate(samples, data, chunk_size)
    assert got["mean"] == pytest.approx(sum(values) * (2 if with_data else 1) / len(values))


def test_wrong_calls_are_told() -> None:
    with pytest.raises(ValueError, match="data has an entry for each of the 2 outputs; got 1"):
        Evaluator(Mean()).offline_evaluate([{"v": 1}, {"v": 2}], [1])
    with pytest.raises(ValueError, match="chunk_size is at least 1; got 0"):
        Evaluator(Mean()).offline_evaluate([{"v": 1}], chunk_size=0)
