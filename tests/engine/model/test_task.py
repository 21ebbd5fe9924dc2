"""Models that carry registries of functions."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.model import BaseModel, Task
from engine.registry import ExternalRegistry, FunctionRegistry


def _make(pretrained: bool = False) -> tuple[torch.nn.Module, int]:
    return torch.nn.Linear(2, 3), 3


def _task(**attributes: Any) -> Any:
    return type("MyTask", (Task,), attributes)


def test_each_registry_of_a_class_gives_a_method() -> None:
    backbones, heads = FunctionRegistry("backbones"), FunctionRegistry("heads")
    backbones(_make, "b")
    backbones(_make, "a")
    task = _task(backbones=backbones, heads=heads)
    assert task.available_backbones() == ["a", "b"]
    assert task.available_heads() == []
    heads(_make, "c")
    assert task.available_heads() == ["c"]
    assert task.available_heads.__doc__ == "Return the names in the registry `heads`, sorted."
    assert not hasattr(task, "available_necks")


def test_a_subclass_inherits_and_replaces() -> None:
    class Parent(Task):
        backbones = FunctionRegistry("backbones")

    class Same(Parent): ...

    class Other(Parent):
        backbones = ExternalRegistry(lambda name: _make(), "theirs", names=lambda: ["x"])

    Parent.backbones(_make, "own")
    assert Same.available_backbones() == ["own"]
    assert Other.available_backbones() == ["x"]
    assert Other().available_backbones() == ["x"]


def test_a_method_of_the_class_itself_stays() -> None:
    class Mine(Task):
        backbones = FunctionRegistry("backbones")

        @classmethod
        def available_backbones(cls) -> list[str]:
            return ["mine"]

    assert Mine.available_backbones() == ["mine"]


def test_a_task_without_registries_has_no_methods() -> None:
    with pytest.raises(AttributeError, match="available_backbones"):
        _task().available_backbones()


def test_a_task_is_a_model_that_finds_its_parts_by_name() -> None:
    class Classifier(Task):
        backbones = FunctionRegistry("backbones")

        def __init__(self, backbone: str, pretrained: bool = False) -> None:
            super().__init__()
            self.backbone, self.num_features = self.backbones.get(backbone)(pretrained=pretrained)

        def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
            return self.backbone(inputs)

    Classifier.backbones(_make, "linear")
    model = Classifier("linear")
    assert isinstance(model, BaseModel)
    assert model(torch.zeros(4, 2)).shape == (4, model.num_features)
