"""The model of a config, and a sample of its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import IterableDataset

from engine.config import Config, ConfigError
from engine.runner import inputs_of, model_of

CfgMaker = Callable[..., Config]


class Stream(IterableDataset[dict[str, Any]]):
    """Samples without a length."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield {"inputs": torch.ones(4), "data_samples": 0}


class Pairs(torch.utils.data.Dataset[Any]):
    """Samples under other names."""

    def __getitem__(self, index: int) -> dict[str, int]:
        return {"left": index, "right": index}


def _loader(kind: Any, collate: str = "default_collate", **options: Any) -> dict[str, Any]:
    return {"dataset": {"type": kind, **options}, "batch_size": 8, "collate_fn": collate}


def test_a_sample_goes_into_the_model(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    cfg = toy_cfg()
    model = model_of(cfg)
    inputs = inputs_of(cfg, model)
    assert inputs.shape == (1, 4)
    assert model(inputs).shape == (1, 3)
    assert not [*tmp_path.iterdir()]


def test_a_stream_has_a_sample(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(test_dataloader=_loader(Stream))
    assert torch.equal(inputs_of(cfg, model_of(cfg)), torch.ones(1, 4))


def test_no_weights_are_fetched() -> None:
    model = model_of({"model": {"type": "timm.resnet10t", "pretrained": "no/such/folder"}})
    assert type(model).__name__ == "ResNet"


def test_a_config_without_a_model_or_data(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ConfigError, match="the config has no model"):
        model_of({})
    with pytest.raises(ConfigError, match="the config has no data"):
        inputs_of({}, torch.nn.Identity())
    cfg = toy_cfg(test_dataloader=_loader(Pairs))
    with pytest.raises(ConfigError, match="a batch of the data has no inputs, only left, right"):
        inputs_of(cfg, model_of(cfg))
    kind = toy_cfg().test_dataloader.dataset.type
    cfg = toy_cfg(test_dataloader=_loader(kind, size=0))
    with pytest.raises(ConfigError, match="the data hold no sample"):
        inputs_of(cfg, model_of(cfg))
