"""The steps of a model."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel

from engine.model import (
    BaseDataPreprocessor,
    BaseModel,
    ImgDataPreprocessor,
    MMDistributedDataParallel,
    is_model_wrapper,
    unwrap,
)
from engine.optim import OptimWrapper
from engine.registry import MODEL_WRAPPERS


class _Model(BaseModel):
    """One weight, and a record of how it was called."""

    def __init__(self, data_preprocessor: Any = None) -> None:
        super().__init__(data_preprocessor)
        self.weight = nn.Parameter(torch.tensor(2.0))
        self.modes: list[str] = []

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        self.modes.append(mode)
        out = self.weight * inputs
        if mode == "loss":
            return {"loss_a": out, "loss_b": [out, out], "acc": out.detach()}
        return list(out) if mode == "predict" else out


def test_a_train_step_updates_by_the_sum_of_the_losses() -> None:
    model = _Model()
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    logged = model.train_step({"inputs": torch.tensor([1.0, 3.0])}, wrapper)
    assert {name: value.item() for name, value in logged.items()} == {
        "loss": 12.0,
        "loss_a": 4.0,
        "loss_b": 8.0,
        "acc": 4.0,
    }
    assert next(iter(logged)) == "loss"
    assert not any(value.requires_grad for value in logged.values())
    assert model.weight.item() == pytest.approx(2.0 - 0.1 * 6.0)
    assert model.weight.grad is None
    assert model.modes == ["loss"]


@pytest.mark.parametrize("batch", [{"inputs": torch.ones(2)}, [torch.ones(2)], (torch.ones(2),)])
def test_predictions_of_a_batch_in_each_form(batch: Any) -> None:
    model = _Model()
    assert model.val_step(batch) == model.test_step(batch) == [2.0, 2.0]
    assert model.modes == ["predict", "predict"]
    assert model(torch.ones(2)).tolist() == [2.0, 2.0]
    assert model.modes[-1] == "tensor"


def test_the_logged_loss_is_the_sum_although_a_part_has_its_name() -> None:
    loss, logged = _Model().parse_losses({"loss": torch.tensor(1.0), "loss_b": torch.tensor(2.0)})
    assert loss.item() == 3.0
    assert logged["loss"].item() == 3.0


def test_mistakes() -> None:
    model = _Model()
    with pytest.raises(TypeError, match="loss is a tensor or a list of tensors; got float"):
        model.parse_losses({"loss": 1.0})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="loss_a is a tensor or a list of tensors; got list"):
        model.parse_losses({"loss_a": [1.0]})  # type: ignore[list-item]
    with pytest.raises(ValueError, match="loss_a is an empty list of tensors, which has no mean"):
        model.parse_losses({"loss_a": []})
    with pytest.raises(ValueError, match=r"_Model gave no loss: none of \['acc'\] has 'loss' in"):
        model.parse_losses({"acc": torch.tensor(1.0)})
    with pytest.raises(TypeError, match=r"the data preprocessor gives a mapping.*; got Tensor"):
        model.val_step(torch.ones(2))
    with pytest.raises(TypeError, match=r"BaseModel has no forward\(inputs, data_samples, mode\)"):
        BaseModel()(torch.ones(1))


def test_the_preprocessor_may_be_a_config_or_a_module() -> None:
    assert type(_Model().data_preprocessor) is BaseDataPreprocessor
    assert type(_Model({"type": "ImgDataPreprocessor"}).data_preprocessor) is ImgDataPreprocessor
    module = ImgDataPreprocessor()
    assert _Model(module).data_preprocessor is module


class _Pair(NamedTuple):
    a: Any
    b: Any


def test_tensors_reach_the_device_of_the_model_wherever_they_are() -> None:
    module = BaseDataPreprocessor().to("meta")
    assert module.device == torch.device("meta")
    one = torch.ones(1)
    data = module({"inputs": [one, (one, "text")], "pair": _Pair(one, 3), "none": None})
    assert data["inputs"][0].is_meta
    assert data["inputs"][1][0].is_meta
    assert data["inputs"][1][1] == "text"
    assert data["pair"].a.is_meta
    assert data["pair"].b == 3
    assert data["none"] is None
    assert list(module.state_dict()) == []


def test_wrappers_are_those_that_the_registry_holds() -> None:
    model = _Model()
    assert not is_model_wrapper(model)
    assert unwrap(model) is model
    wrapped = DataParallel(DataParallel(model))
    assert is_model_wrapper(wrapped)
    assert unwrap(wrapped) is model
    assert MODEL_WRAPPERS.get("MMDistributedDataParallel") is MMDistributedDataParallel


def test_losses_of_a_batch_without_an_update() -> None:
    model = _Model()
    logged = model.loss_step({"inputs": torch.tensor([1.0, 3.0])})
    assert {name: float(value) for name, value in logged.items()} == {
        "loss": 12.0,
        "loss_a": 4.0,
        "loss_b": 8.0,
        "acc": 4.0,
    }
    assert (model.weight.item(), model.weight.grad) == (2.0, None)


def test_what_an_exported_model_gives_is_the_output_unless_the_model_says_more() -> None:
    class Pairs(_Model):
        def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
            return (inputs, inputs)

    model = _Model()
    outputs = model.export_forward(torch.ones(2))
    assert {name: each.tolist() for name, each in outputs.items()} == {"output": [2.0, 2.0]}
    with pytest.raises(TypeError, match="_Model has no predict_outputs, which makes predictions"):
        model.predict_outputs(outputs)
    with pytest.raises(TypeError, match="Pairs gives no tensor in the mode 'tensor', but tuple"):
        Pairs().export_forward(torch.ones(2))
