"""The model of a config, and a sample of its data, without a run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from torch import nn

from engine.config import ConfigError
from engine.model import without_pretrained
from engine.registry import DefaultScope, scope_of

from ._build import build_model, build_part, get_function
from .run_table import DATALOADER

_LOADERS = ("test_dataloader", "val_dataloader", "train_dataloader")

Cfg = Mapping[str, Any]


def model_of(cfg: Cfg) -> nn.Module:
    """Build the model of a config with fresh weights; none are read or fetched.

    Args:
        cfg: The config of a run.

    Raises:
        ConfigError: If it has no model.
    """
    if "model" not in cfg:
        raise ConfigError("the config has no model")
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        return build_model(without_pretrained(cfg["model"]), cfg.get("data_preprocessor"), cfg)


def inputs_of(cfg: Cfg, model: nn.Module) -> Any:
    """Return the inputs of a model for the first sample of a config's data, as a batch of one.

    The data are those of the test, or else of the validation or the training.

    Args:
        cfg: The config of a run.
        model: Its model, whose data preprocessor makes the inputs of the sample.

    Raises:
        ConfigError: If the config has no data, or they are no inputs by themselves.
        OSError: If the data can't be read.
    """
    samples = samples_of(cfg, 1)
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        collate = get_function(_loader_of(cfg), "collate_fn", "engine.pseudo_collate")
    batch = collate(samples)
    if preprocess := getattr(model, "data_preprocessor", None):
        batch = preprocess(batch, False)
    if isinstance(batch, Mapping):
        if "inputs" not in batch:
            raise ConfigError(f"a batch of the data has no inputs, only {', '.join(batch)}")
        return batch["inputs"]
    return batch[0]


def samples_of(cfg: Cfg, count: int) -> list[Any]:
    """Return the first samples of a config's data: of the test, the validation or the training.

    Args:
        cfg: The config of a run.
        count: How many there are at most.

    Raises:
        ConfigError: If the config has no data, or they hold no sample.
        OSError: If the data can't be read.
    """
    loader = _loader_of(cfg)
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        dataset = build_part(DATALOADER.parts["dataset"], loader["dataset"])
    samples = [*islice(dataset, count)]
    if not samples:
        raise ConfigError("the data hold no sample")
    return samples


def _loader_of(cfg: Cfg) -> Cfg:
    loader: Cfg | None = next((cfg[key] for key in _LOADERS if cfg.get(key)), None)
    if loader is None:
        raise ConfigError("the config has no data")
    return loader
