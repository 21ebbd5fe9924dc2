"""Configs and models that an installed library ships."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from engine.config import Config
from engine.fileio import load
from engine.registry import MODELS, DefaultScope
from engine.runner import load_checkpoint
from engine.utils import get_installed_path

_MIM = ".mim"  # where a library keeps configs and the index of its models


def get_config(cfg_path: str, pretrained: bool = False) -> Config:
    """Return a config of an installed library.

    Args:
        cfg_path: `'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py'`, the library and a path in
            its configs.
        pretrained: Whether to set `model_path` to the address of the weights that the library names
            for this config.

    Raises:
        ConfigError: If there is no such config.
        ValueError: If weights are asked for, and the library names none for it.
    """
    cfg = Config.fromfile(cfg_path)
    if pretrained:
        cfg.model_path = _find_weights(cfg_path)
    return cfg


def get_model(cfg_path: str, pretrained: bool = False, **kwargs: Any) -> nn.Module:
    """Build the model of a config of an installed library.

    Args:
        cfg_path: As for `get_config`.
        pretrained: Whether to load the weights that the library names for this config.
        **kwargs: Changes to the model of the config.

    Raises:
        ConfigError: If there is no such config.
        ValueError: If weights are asked for, and the library names none for it.
    """
    cfg = get_config(cfg_path, pretrained)
    if kwargs:
        cfg.merge_from_dict({"model": kwargs})
    with DefaultScope.overwrite_default_scope(cfg.get("default_scope")):
        model = MODELS.build(cfg.model)
    if pretrained:
        load_checkpoint(model, cfg.model_path)
    return model


def _find_weights(cfg_path: str) -> str:
    package, _, path = cfg_path.partition("::")
    for model in _iter_models(Path(get_installed_path(package)) / _MIM):
        if model.get("Config") == f"configs/{path}" and "Weights" in model:
            return str(model["Weights"])
    raise ValueError(f"{package} names no weights for {path} in its model-index.yml")


def _iter_models(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the models of the index of a library, which lists files of models."""
    for name in load(folder / "model-index.yml")["Import"]:
        described = load(folder / name)
        yield from described["Models"] if isinstance(described, dict) else described
