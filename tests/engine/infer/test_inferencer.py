"""From a trained model and an input to a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.infer import BaseInferencer
from engine.model import BaseModel
from engine.registry import DefaultScope
from engine.runner import CheckpointError, save_checkpoint

CfgMaker = Callable[..., Config]


class _Sums(BaseModel):
    """Predicts the weighted sum of an input, and keeps the sizes of its batches."""

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.fc = nn.Linear(size, 1, bias=False)
        self.drop = nn.Dropout(0.5)
        self.batches: list[int] = []

    def forward(self, inputs: list[Tensor], data_samples: Any = None, mode: str = "tensor") -> Any:
        assert mode == "predict"
        assert not torch.is_grad_enabled()
        self.batches.append(len(inputs))
        sums = self.fc(self.drop(torch.stack(inputs))).flatten()
        return [{"name": name, "sum": each} for name, each in zip(data_samples, sums, strict=True)]


class _Inferencer(BaseInferencer):
    def preprocess_one(self, item: Any) -> dict[str, Any]:
        return {"inputs": torch.tensor(item, dtype=torch.float32), "data_samples": str(item)}

    def draw(self, item: Any, prediction: Any) -> npt.NDArray[np.uint8]:
        return np.full((1, 1, 3), int(prediction["sum"]), np.uint8)

    def describe(self, prediction: Any) -> dict[str, Any]:
        return {"name": prediction["name"], "sum": prediction["sum"].item()}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A checkpoint of weights 1 and 10."""
    save_checkpoint({"state_dict": {"fc.weight": torch.tensor([[1.0, 10.0]])}}, tmp_path / "w.pth")
    return tmp_path / "w.pth"


CFG = {"model": {"type": _Sums}}


@pytest.mark.parametrize(("batch_size", "batches"), [(1, [1, 1, 1]), (2, [2, 1]), (8, [3])])
def test_results_are_those_of_the_inputs_in_their_order(
    weights: Path, batch_size: int, batches: list[int]
) -> None:
    infer = _Inferencer(CFG, weights, device="cpu")
    result = infer([(1, 1), (2, 1), (3, 1)], batch_size=batch_size)
    assert result["predictions"] == [
        {"name": "(1, 1)", "sum": 11.0},
        {"name": "(2, 1)", "sum": 12.0},
        {"name": "(3, 1)", "sum": 13.0},
    ]
    assert [picture[0, 0, 0] for picture in result["visualization"]] == [11, 12, 13]
    assert getattr(infer.model, "batches") == batches  # noqa: B009  # the type is BaseModel


def test_one_input_needs_no_list_and_drawing_may_be_left_out(weights: Path) -> None:
    infer = _Inferencer(CFG, weights, device="cpu")
    result = infer(np.array([4, 2]), visualize=False)
    assert result == {"predictions": [{"name": "[4 2]", "sum": 24.0}], "visualization": []}
    assert infer([]) == {"predictions": [], "visualization": []}


def test_the_model_may_be_a_file_or_a_config(tmp_path: Path, toy_cfg: CfgMaker) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("default_scope: engine\nmodel: {type: Sequential}\n")
    assert isinstance(_Inferencer(file, device="cpu").model, nn.Sequential)
    infer = _Inferencer(toy_cfg(), scope="somewhere", device="cpu")
    assert not infer.model.training
    assert infer.device == torch.device("cpu")
    assert DefaultScope.get_current_instance().scope_name == "somewhere"  # type: ignore[union-attr]  # one was set


def test_weights_of_another_model(weights: Path) -> None:
    with pytest.raises(CheckpointError, match=r"w\.pth: the weights are not those of _Sums"):
        _Inferencer({"model": {"type": _Sums, "size": 3}}, weights, device="cpu")
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*none\.pth"):
        _Inferencer(CFG, weights.with_name("none.pth"), device="cpu")


def test_the_parts_that_a_subclass_writes() -> None:
    with pytest.raises(TypeError, match="abstract"):
        BaseInferencer(CFG)  # type: ignore[abstract]  # on purpose
