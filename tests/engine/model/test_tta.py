"""Several views of a batch as one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.model import BaseModel, BaseTTAModel
from engine.registry import MODELS


class _Echo(BaseModel):
    """Predicts its inputs, plus one by its own preprocessing."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        self.seen.append((inputs, data_samples, mode))
        return [float(each) for each in inputs]


class _Sum(BaseTTAModel):
    def merge_preds(self, data_samples_list: list[list[Any]]) -> list[Any]:
        return [sum(views) for views in data_samples_list]


def _number(value: float) -> Tensor:
    return torch.tensor(value)


VIEWS = [[_number(1), _number(2), _number(3)], [_number(10), _number(20), _number(30)]]
NAMES = [["a", "b", "c"], ["a", "b", "c"]]


@pytest.mark.parametrize(
    "batch", [{"inputs": VIEWS, "data_samples": NAMES}, [VIEWS, NAMES], (VIEWS, NAMES)]
)
def test_each_sample_has_one_prediction_of_all_its_views(batch: Any) -> None:
    model = _Sum(_Echo())
    assert model.test_step(batch) == [11.0, 22.0, 33.0]
    seen: Any = model.module.seen
    assert [(inputs, names) for inputs, names, _ in seen] == list(zip(VIEWS, NAMES, strict=True))
    assert {mode for *_, mode in seen} == {"predict"}


def test_the_model_may_be_a_config() -> None:
    model: Any = MODELS.build({"type": _Sum, "module": {"type": _Echo}})
    assert model.test_step([VIEWS]) == [11.0, 22.0, 33.0]


def test_mistakes() -> None:
    model = _Sum(_Echo())
    with pytest.raises(ValueError, match=r"item for each view; here their lengths are \[1, 2\]"):
        model.test_step({"inputs": VIEWS, "data_samples": NAMES[:1]})
    with pytest.raises(TypeError, match="_Sum merges the predictions of several views in"):
        model(VIEWS)
    with pytest.raises(TypeError, match=r"BaseTTAModel has no merge_preds\(data_samples_list\)"):
        BaseTTAModel(_Echo()).test_step([VIEWS])
