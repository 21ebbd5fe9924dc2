from __future__ import annotations

import subprocess
import sys

import pytest
from torch import nn

import mmalpha.registry
from engine import registry as root
from mmalpha.models import ACTIVATIONS, ResNet
from mmalpha.registry import MODELS

NODES = sorted(
    name
    for name, value in vars(mmalpha.registry).items()
    if isinstance(value, root.Registry) and value.parent is not None
)


@pytest.mark.parametrize("name", NODES)
def test_each_node_is_below_its_root_and_filled(name: str) -> None:
    node = getattr(mmalpha.registry, name)
    node.import_from_location()
    assert node.scope == "mmalpha"
    assert node.parent is getattr(root, name)
    assert len(node)


def test_a_tree_without_a_node_of_the_library_has_the_parts_of_engine() -> None:
    assert "OPTIMIZERS" not in NODES
    assert root.OPTIMIZERS.get("mmalpha.SGD") is root.OPTIMIZERS.get("SGD")


def test_the_root_finds_a_part_by_its_scope() -> None:
    assert root.MODELS.get("mmalpha.ResNet") is ResNet


def test_a_build_takes_parts_of_engine_without_a_prefix() -> None:
    assert isinstance(MODELS.build(dict(type="RReLU", lower=0.2)), nn.RReLU)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda each: str(each.__name__))
def test_activations_have_their_own_names(activation: type[nn.Module]) -> None:
    assert isinstance(MODELS.build(dict(type=activation.__name__)), activation)


@pytest.mark.parametrize(
    ("registry", "names"),
    [
        ("DATASETS", ["Digits", "DigitRows", "MNIST", "FashionMNIST", "CIFAR10", "CIFAR100"]),
        ("DATASETS", ["ImageFolder", "ImageList"]),
        ("TRANSFORMS", ["LoadImageFromFile", "PackClsInputs", "RandomFlip", "RandomShift"]),
        ("METRICS", ["Accuracy", "AveragePrecision", "ConfusionMatrix", "PrecisionRecallF1"]),
        ("HOOKS", ["ConfusionMatrixHook"]),
        ("TASK_UTILS", ["CutMix", "Mixup"]),
        ("INFERENCERS", ["ClsInferencer"]),
        (
            "MODELS",
            ["CrossEntropyLoss", "GlobalAveragePooling", "ImageClassifier", "LinearClsHead"],
        ),
        ("MODELS", ["ConvNeXt", "ResNet", "TIMMBackbone", "VisionTransformer"]),
        ("MODELS", ["BinaryCrossEntropyLoss", "FocalLoss", "MultiLabelHead"]),
    ],
)
def test_names_are_found_without_an_import(registry: str, names: list[str]) -> None:
    node = getattr(mmalpha.registry, registry)
    assert [name for name in names if name not in node] == []


def test_the_import_is_light() -> None:
    code = (
        "import sys, mmalpha, mmalpha.registry; mmalpha.__version__;"
        "heavy = {'torch', 'numpy', 'torchvision', 'sklearn', 'matplotlib', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
