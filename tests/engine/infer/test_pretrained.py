"""Models that go into a folder with a config of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.config import Config, ConfigError
from engine.infer import from_pretrained, save_pretrained
from engine.model import BaseModel
from engine.registry import MODELS


class _Tiny(BaseModel):
    """A model that belongs to no task."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 1)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        return self.fc(inputs)


@pytest.fixture
def model() -> BaseModel:
    MODELS.register_module("TinyForTest", module=_Tiny, force=True)
    return _Tiny()


def test_a_model_of_a_program_comes_back(tmp_path: Path, model: BaseModel) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text("model: {type: TinyForTest}\n")
    folder = save_pretrained(model, tmp_path / "saved", config)
    again = from_pretrained(folder, device="cpu")
    assert isinstance(again, _Tiny)
    assert torch.equal(again.fc.weight, model.get_parameter("fc.weight"))
    card = (folder / "README.md").read_text()
    assert "tags:\n- engine\n---\n" in card
    assert "\nTinyForTest, trained with `engine`.\n" in card
    assert "## Classes" not in card
    assert "pipeline_tag" not in card


def test_metrics_are_told_of_data_that_nobody_knows(tmp_path: Path, model: BaseModel) -> None:
    cfg = Config({"model": {"type": "no_such_library.Tiny"}})
    folder = save_pretrained(model, tmp_path / "saved", cfg, metrics={"acc": 0.5})
    card = (folder / "README.md").read_text()
    assert "name: unknown" in card
    assert "pipeline_tag" not in card


def test_a_model_needs_a_config_that_is_data(tmp_path: Path, model: BaseModel) -> None:
    with pytest.raises(ValueError, match="save_pretrained of a model needs its config"):
        save_pretrained(model, tmp_path / "saved")
    with pytest.raises(ConfigError, match="the config can't be data for others: "):
        save_pretrained(model, tmp_path / "saved", Config({"model": {"type": "a", "f": object()}}))
    assert not [*tmp_path.iterdir()]
