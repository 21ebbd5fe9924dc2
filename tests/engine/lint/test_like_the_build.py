"""A config that the linter accepts builds, and one that it refuses does not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import lint
from engine.config import Config
from engine.registry import DATASETS, MODELS, DefaultScope, NotRegisteredError

MakeLibrary = Callable[..., Path]

ACME = """
from torch import nn
from engine import registry as root
from engine.dataset import BaseDataset
from engine.model import BaseModule

MODELS = root.MODELS.child("acme")
DATASETS = root.DATASETS.child("acme")
TRANSFORMS = root.TRANSFORMS.child("acme")

@MODELS.register_module
class TinyBackbone(BaseModule):
    def forward(self, x):
        return (x,)

@MODELS.register_module
class FCNHead(BaseModule):
    def __init__(self, num_classes=2):
        super().__init__()

@MODELS.register_module
class Wrapper(BaseModule):
    def __init__(self, inner):
        super().__init__()
        self.inner = MODELS.build(inner)

@MODELS.register_module
class FromTheRoot(BaseModule):
    def __init__(self, inner):
        super().__init__()
        self.inner = root.MODELS.build(inner)

@TRANSFORMS.register_module
class Twice:
    def __call__(self, data):
        return data

@DATASETS.register_module
class Points(BaseDataset):
    def load_data_list(self):
        return [{}]
"""
SCOPES = ("engine", "acme", "mmalpha", "mmbeta")
INNER = ("TinyBackbone", "acme.TinyBackbone", "GlobalAveragePooling", "ReLU", "mmalpha.ReLU")
HEAD = {"type": "mmalpha.LinearClsHead", "num_classes": 2, "in_channels": 8}
LOSSES = ("CrossEntropyLoss", "mmalpha.CrossEntropyLoss", "LovaszLoss", "FocalLoss", "zzz.Loss")


def _models() -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = []
    for outer, inner in itertools.product(("Wrapper", "FromTheRoot"), INNER):
        models.append({"type": f"acme.{outer}", "inner": {"type": inner}})
        models.append({"type": outer, "inner": {"type": inner}})
    for backbone in INNER:
        part = {"type": backbone}
        models.append({"type": "mmalpha.ImageClassifier", "backbone": part, "head": HEAD})
    for loss in LOSSES:
        head = {**HEAD, "loss": {"type": loss}}
        models.append(
            {"type": "mmalpha.ImageClassifier", "backbone": {"type": "ReLU"}, "head": head}
        )
    for augment in ("Mixup", "mmalpha.CutMix", "Twice"):
        models.append(
            {
                "type": "mmalpha.ImageClassifier",
                "backbone": {"type": "ReLU"},
                "head": HEAD,
                "batch_augments": {"augments": [{"type": augment, "alpha": 0.1}]},
            }
        )
    for name in ("SegDataPreprocessor", "mmbeta.SegDataPreprocessor", "ImgDataPreprocessor"):
        models.append(
            {
                "type": "mmbeta.EncoderDecoder",
                "data_preprocessor": {"type": name},
                "backbone": {"type": "mmalpha.ResNet", "depth": 18},
                "decode_head": {"type": "FCNHead", "channels": 4, "num_classes": 2},
            }
        )
    return models


def _datasets() -> list[dict[str, Any]]:
    kinds: list[dict[str, Any]] = [
        {"type": "mmalpha.Digits", "split": "test"},
        {"type": "acme.Points"},
        {"type": "mmbeta.DigitsCanvas", "split": "test", "num_images": 1},
    ]
    names = ("Twice", "acme.Twice", "RandomFlip", "PackClsInputs", "PackSegInputs", "mmbeta.Resize")
    transforms = [{"type": name} for name in names]
    transforms[-1]["scale"] = (4, 4)  # type: ignore[assignment]  # the last one needs it
    return [{**kind, "pipeline": [each]} for kind in kinds for each in transforms]


def _builds(registry: Any, cfg: dict[str, Any], scope: str) -> bool:
    with DefaultScope.overwrite_default_scope(scope):
        try:
            registry.build(cfg)
        except (NotRegisteredError, TypeError):
            return False
    return True


def _errors(cfg: dict[str, Any]) -> list[Any]:
    return [*lint.check(Config(cfg)).errors]


@pytest.fixture
def acme(make_library: MakeLibrary) -> None:
    make_library("acme", ACME)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.usefixtures("acme")
def test_models(scope: str) -> None:
    for model in _models():
        found = _errors({"model": model, "default_scope": scope})
        assert _builds(MODELS, model, scope) == (not found), (model, found)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.usefixtures("acme")
def test_datasets(scope: str) -> None:
    for dataset in _datasets():
        run = {"val_dataloader": {"dataset": dataset}, "val_cfg": {}, "val_evaluator": object()}
        found = _errors({"model": {"type": "mmalpha.ReLU"}, "default_scope": scope, **run})
        assert _builds(DATASETS, dataset, scope) == (not found), (dataset, found)


@pytest.mark.usefixtures("acme")
def test_own_parts_are_found_inside_those_of_another_library() -> None:
    model = {
        "type": "mmalpha.ImageClassifier",
        "backbone": {"type": "TinyBackbone"},
        "head": {**HEAD, "type": "LinearClsHead"},
    }
    dataset = {
        "type": "mmalpha.Digits",
        "split": "test",
        "pipeline": [{"type": "Twice"}, {"type": "PackClsInputs"}],
    }
    with DefaultScope.overwrite_default_scope("acme"):
        built: Any = MODELS.build(model)
        assert type(built.backbone).__module__ == "acme.registry"
        assert type(built.head.loss_module).__module__.startswith("mmalpha.")
        assert len(DATASETS.build(dataset).pipeline.transforms) == 2
