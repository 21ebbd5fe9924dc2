from __future__ import annotations

import subprocess
import sys

import pytest

import mmbeta.registry
from engine import registry as root
from mmbeta.models import CrossEntropyLoss, FCNHead
from mmbeta.registry import MODELS

ROOTS = sorted(name for name in dir(root) if isinstance(getattr(root, name), root.Registry))


@pytest.mark.parametrize("name", ROOTS)
def test_each_root_has_a_child(name: str) -> None:
    node = getattr(mmbeta.registry, name)
    assert node.scope == "mmbeta"
    assert node.parent is getattr(root, name)


def test_both_names_of_the_optimizer_wrappers_mean_one_node() -> None:
    assert mmbeta.registry.OPTIM_WRAPPER is mmbeta.registry.OPTIM_WRAPPERS


def test_the_root_finds_a_part_by_its_scope() -> None:
    assert root.MODELS.get("mmbeta.FCNHead") is FCNHead


def test_a_name_of_both_siblings_means_that_of_the_node() -> None:
    assert MODELS.get("CrossEntropyLoss") is CrossEntropyLoss
    assert MODELS.get("mmalpha.CrossEntropyLoss").__module__ == "mmalpha.models.losses"


def test_a_sibling_is_found_by_its_scope_and_not_imported() -> None:
    code = (
        "import sys; from mmbeta.registry import MODELS; import mmbeta.models;"
        "before = 'mmalpha' in sys.modules;"
        "backbone = MODELS.build(dict(type='mmalpha.ResNet', depth=18, base_channels=4));"
        "print(before, type(backbone).__module__)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "mmalpha.models.backbones.resnet"]


@pytest.mark.parametrize(
    ("registry", "names"),
    [
        ("DATASETS", ["DigitsCanvas"]),
        ("TRANSFORMS", ["PackSegInputs"]),
        ("METRICS", ["IoUMetric"]),
        ("HOOKS", ["PredictionsHook"]),
        ("INFERENCERS", ["SegInferencer"]),
        ("MODELS", ["CrossEntropyLoss", "EncoderDecoder", "FCNHead"]),
    ],
)
def test_names_are_found_without_an_import(registry: str, names: list[str]) -> None:
    node = getattr(mmbeta.registry, registry)
    assert [name for name in names if name not in node] == []


def test_the_import_is_light() -> None:
    code = (
        "import sys, mmbeta, mmbeta.registry; mmbeta.__version__;"
        "heavy = {'torch', 'numpy', 'torchvision', 'sklearn', 'matplotlib', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
