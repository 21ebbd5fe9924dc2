"""What holds for each library on engine: its registries, its shipped configs, its inferencer."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

from engine import lint
from engine import registry as root
from engine.config import Config
from engine.registry import INFERENCERS, Registry

Probe = Callable[[str], str]

LIBRARIES = ("mmalpha", "mmbeta")
# By library and registry: names that are found without an import by the user.
NAMES: dict[str, dict[str, list[str]]] = {
    "mmalpha": {
        "DATASETS": ["Digits", "DigitRows", "MNIST", "FashionMNIST", "CIFAR10", "CIFAR100",
                     "ImageFolder", "ImageList"],
        "TRANSFORMS": ["LoadImageFromFile", "PackClsInputs", "RandomFlip", "RandomShift"],
        "METRICS": ["Accuracy", "AveragePrecision", "ConfusionMatrix", "PrecisionRecallF1"],
        "HOOKS": ["ConfusionMatrixHook"],
        "TASK_UTILS": ["CutMix", "Mixup"],
        "INFERENCERS": ["ClsInferencer"],
        "MODELS": ["CrossEntropyLoss", "GlobalAveragePooling", "ImageClassifier", "LinearClsHead",
                   "ConvNeXt", "ResNet", "TIMMBackbone", "VisionTransformer",
                   "BinaryCrossEntropyLoss", "FocalLoss", "MultiLabelHead"],
    },
    "mmbeta": {
        "DATASETS": ["DigitsCanvas"],
        "TRANSFORMS": ["PackSegInputs"],
        "METRICS": ["IoUMetric"],
        "HOOKS": ["PredictionsHook"],
        "INFERENCERS": ["SegInferencer"],
        "MODELS": ["CrossEntropyLoss", "EncoderDecoder", "FCNHead"],
    },
}  # fmt: skip


def _nodes(library: str) -> dict[str, Registry[Any]]:
    """Return the registries of a library that are below one of engine, by name."""
    module = importlib.import_module(f"{library}.registry")
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Registry) and value.parent is not None
    }


NODES = [(library, name) for library in LIBRARIES for name in _nodes(library)]
CONFIGS = [
    f"{library}::{path.name}"
    for library in LIBRARIES
    for path in sorted(
        Path(str(importlib.import_module(library).__file__)).with_name("configs").glob("*.py")
    )
]


@pytest.mark.parametrize(("library", "name"), NODES)
def test_each_node_is_below_its_root_and_filled(library: str, name: str) -> None:
    node = _nodes(library)[name]
    node.import_from_location()
    assert node.scope == library
    assert node.parent is getattr(root, name)
    assert len(node)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_tree_without_a_node_of_the_library_has_the_parts_of_engine(library: str) -> None:
    assert "OPTIMIZERS" not in _nodes(library)
    assert root.OPTIMIZERS.get(f"{library}.SGD") is root.OPTIMIZERS.get("SGD")


@pytest.mark.parametrize(
    ("library", "name", "names"),
    [(library, name, names) for library in LIBRARIES for name, names in NAMES[library].items()],
)
def test_names_are_found_without_an_import(library: str, name: str, names: list[str]) -> None:
    node = _nodes(library)[name]
    assert [each for each in names if each not in node] == []


@pytest.mark.parametrize(("library", "name"), [("mmalpha", "ResNet"), ("mmbeta", "FCNHead")])
def test_the_root_finds_a_part_by_its_scope(library: str, name: str) -> None:
    part = getattr(importlib.import_module(f"{library}.models"), name)
    assert root.MODELS.get(f"{library}.{name}") is part


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_build_takes_parts_of_engine_without_a_prefix(library: str) -> None:
    built = _nodes(library)["MODELS"].build(dict(type="RReLU", lower=0.2))
    assert isinstance(built, nn.RReLU)


@pytest.mark.parametrize(("library", "name"), NODES)
def test_each_part_of_the_library_says_what_it_is(library: str, name: str) -> None:
    node = _nodes(library)[name]
    node.import_from_location()
    own = {key: part for key, part in node.module_dict.items() if _library(part) == library}
    assert [key for key, part in own.items() if not part.__doc__] == []


def _library(part: Any) -> str:
    return str(part.__module__).partition(".")[0]


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_import_is_light(probe: Probe, library: str) -> None:
    code = (
        f"import sys, {library}, {library}.registry; {library}.__version__\n"
        "heavy = {'torch', 'numpy', 'torchvision', 'sklearn', 'matplotlib', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert probe(code) == "[]\n"


@pytest.mark.parametrize("name", CONFIGS)
def test_a_shipped_config_has_no_findings(name: str) -> None:
    findings = lint.check(Config.fromfile(name)).findings
    # The data of some are not on this machine.
    assert [each for each in findings if each.kind != "missing-folder"] == []


@pytest.mark.parametrize(
    ("config", "inferencer"),
    [
        ("mmalpha::resnet18_digits.py", "ClsInferencer"),
        ("mmbeta::fcn_r18_digits.py", "SegInferencer"),
    ],
)
def test_what_is_no_image_is_told(config: str, inferencer: str, tmp_path: Path) -> None:
    cfg = Config.fromfile(config)
    infer = INFERENCERS.build(
        {**cfg.inferencer, "_scope_": cfg.default_scope},
        default_args={"model": cfg, "device": "cpu"},
    )
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(ValueError, match=r"a\.png is no image of a kind that Pillow reads"):
        infer(str(tmp_path / "a.png"))
    Image.fromarray(np.arange(10_000).astype(np.uint8).reshape(100, 100)).save(tmp_path / "c.png")
    (tmp_path / "c.png").write_bytes((tmp_path / "c.png").read_bytes()[:100])
    with pytest.raises(ValueError, match=r"c\.png is damaged"):
        infer(str(tmp_path / "c.png"))
    with pytest.raises(FileNotFoundError, match=r"there is no image .*b\.png"):
        infer(str(tmp_path / "b.png"))
    told = f"color of {inferencer} is 'gray', 'rgb' or None; got 'blue'"
    with pytest.raises(ValueError, match=told):
        INFERENCERS.build(
            {"type": inferencer, "color": "blue", "_scope_": cfg.default_scope},
            default_args={"model": cfg},
        )
