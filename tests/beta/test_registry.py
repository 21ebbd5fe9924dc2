from __future__ import annotations

import subprocess
import sys

import pytest

import mmbeta.registry
from engine import registry as root
from mmbeta.models import CrossEntropyLoss, FCNHead
from mmbeta.registry import MODELS

NODES = sorted(
    name
    for name, value in vars(mmbeta.registry).items()
    if isinstance(value, root.Registry) and value.parent is not None
)


@pytest.mark.parametrize("name", NODES)
def test_each_node_is_below_its_root_and_filled(name: str) -> None:
    node = getattr(mmbeta.registry, name)
    node.import_from_location()
    assert node.scope == "mmbeta"
    assert node.parent is getattr(root, name)
    assert len(node)


def test_a_tree_without_a_node_of_the_library_has_the_parts_of_engine() -> None:
    assert "OPTIMIZERS" not in NODES
    assert root.OPTIMIZERS.get("mmbeta.SGD") is root.OPTIMIZERS.get("SGD")


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
