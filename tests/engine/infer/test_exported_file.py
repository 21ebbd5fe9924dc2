"""Files of exported models, here of ONNX, that are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor

from engine.checkpoint import CheckpointError
from engine.config import Config
from engine.infer import open_trained
from engine.model import BaseModel
from engine.registry import MODELS

TAKEN = {"name": "images", "shape": ["N", 1, 2, 2], "dtype": "uint8"}


class _Doubles(BaseModel):
    """Predicts with what the graph gives, twice that."""

    def predict_outputs(
        self, outputs: Mapping[str, Tensor], data_samples: Any = None
    ) -> list[Tensor]:
        return [2 * each for each in outputs["output"]]

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        raise AssertionError("the graph runs in its place")


def _write(path: Path, meta: object, output: str = "output", size: Any = 2) -> Path:
    """Write a file whose graph turns bytes into floats."""
    shape = ["N", 1, size, size]
    graph = helper.make_graph(
        [helper.make_node("Cast", ["images"], [output], to=TensorProto.FLOAT)],
        "graph",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
    )
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    if meta is not None:
        model.metadata_props.add(
            key="meta", value=meta if isinstance(meta, str) else json.dumps(meta)
        )
    onnx.save(model, str(path))
    return path


def _model(path: Path) -> Any:
    MODELS.register_module("DoublesForTest", module=_Doubles, force=True)
    return open_trained(path).build(Config({"model": {"type": "DoublesForTest"}}), "cpu")


def test_the_model_makes_predictions_of_what_the_graph_gives(tmp_path: Path) -> None:
    model = _model(_write(tmp_path / "x.onnx", {"input": TAKEN}))
    images = torch.arange(8, dtype=torch.uint8).reshape(2, 1, 2, 2)
    predictions = model.val_step({"inputs": [*images]})
    assert torch.equal(torch.stack(predictions), 2.0 * images)
    marks = images > 3  # which the type of the graph can hold
    assert torch.equal(torch.stack(model.test_step({"inputs": [*marks]})), 2.0 * marks)
    with pytest.raises(ValueError, match="an exported model only predicts; its checkpoint does"):
        model(images)


def test_images_of_several_sizes_go_one_by_one(tmp_path: Path) -> None:
    path = _write(tmp_path / "x.onnx", {"input": {**TAKEN, "shape": ["N", 1, "H", "W"]}}, size="S")
    images = [torch.ones(1, side, side, dtype=torch.uint8) for side in (1, 3, 2)]
    predictions = _model(path).val_step({"inputs": images})
    assert [each.shape[-1] for each in predictions] == [1, 3, 2]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (torch.ones(1, 2, 3, dtype=torch.uint8), "takes images of 1×2×2; the pipeline gives 1×2×3"),
        (torch.ones(2, 2, dtype=torch.uint8), "takes images of 1×2×2; the pipeline gives 2×2"),
        (torch.ones(1, 2, 2), r"takes images of torch\.uint8; the pipeline gives torch\.float32"),
    ],
)
def test_images_that_the_graph_does_not_take(tmp_path: Path, image: Tensor, message: str) -> None:
    model = _model(_write(tmp_path / "x.onnx", {"input": TAKEN}))
    with pytest.raises(ValueError, match=message):
        model.val_step({"inputs": [image]})


def test_a_file_that_does_not_hold_what_its_metadata_say(tmp_path: Path) -> None:
    image = torch.ones(1, 2, 2, dtype=torch.uint8)
    other = _model(_write(tmp_path / "other.onnx", {}, output="scores"))
    with pytest.raises(CheckpointError, match="the exported model does not give output"):
        other.val_step({"inputs": [image]})
    larger = _model(_write(tmp_path / "larger.onnx", {"input": TAKEN}, size=4))
    with pytest.raises(CheckpointError, match=r"larger\.onnx can't predict a batch of 1×1×2×2: "):
        larger.val_step({"inputs": [image]})


@pytest.mark.parametrize("meta", [None, "", "no JSON", "[" * 100_000, [1]])
def test_a_file_that_engine_did_not_make(tmp_path: Path, meta: object) -> None:
    trained = open_trained(_write(tmp_path / "x.onnx", meta))
    with pytest.raises(CheckpointError, match=r"x\.onnx was not made by engine export"):
        _ = trained.meta


def test_the_weights_are_not_in_it(tmp_path: Path) -> None:
    trained = open_trained(_write(tmp_path / "x.onnx", {}))
    with pytest.raises(CheckpointError, match=r"is an exported model; the weights are in its"):
        trained.read()
