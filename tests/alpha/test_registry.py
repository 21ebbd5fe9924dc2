from __future__ import annotations

import subprocess
import sys

import pytest
from torch import nn

import mmalpha.registry
from engine import registry as root
from mmalpha.models import ACTIVATIONS, ResNet
from mmalpha.registry import MODELS

ROOTS = sorted(name for name in dir(root) if isinstance(getattr(root, name), root.Registry))


@pytest.mark.parametrize("name", ROOTS)
def test_each_root_has_a_child(name: str) -> None:
    node = getattr(mmalpha.registry, name)
    assert node.scope == "mmalpha"
    assert node.parent is getattr(root, name)


def test_both_names_of_the_optimizer_wrappers_mean_one_node() -> None:
    assert mmalpha.registry.OPTIM_WRAPPER is mmalpha.registry.OPTIM_WRAPPERS


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
