"""Configs and models that an installed library ships."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.config import Config
from engine.infer import find_model
from engine.registry import MODELS, DefaultScope
from engine.runner import load_checkpoint


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
    package = cfg_path.partition("::")[0]
    known = find_model(cfg_path, package)
    if known is None or known.weights is None:
        raise ValueError(f"the model index of {package} names no weights for {cfg_path}")
    return known.weights
