"""Two libraries that know nothing of each other, and find each other's parts by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import mmalpha.registry as alpha
import mmbeta.registry as beta
from engine.registry import (
    MODELS,
    DefaultScope,
    NotRegisteredError,
    Registry,
    init_default_scope,
)

Probe = Callable[[str], str]

NET: dict[str, Any] = dict(type="ResNet", depth=18, base_channels=4)
HEAD: dict[str, Any] = dict(type="FCNHead", in_channels=32, channels=4, num_classes=3)
# Both libraries have a part of this name.
CLASH = "CrossEntropyLoss"


def _library(part: object) -> str:
    return type(part).__module__.partition(".")[0]


@pytest.mark.parametrize(
    ("asked", "config"),
    [
        (beta.MODELS, dict(NET, type="mmalpha.ResNet")),
        (alpha.MODELS, dict(HEAD, type="mmbeta.FCNHead")),
        (beta.METRICS, dict(type="mmalpha.Accuracy")),
        (alpha.METRICS, dict(type="mmbeta.IoUMetric")),
        (beta.DATASETS, dict(type="mmalpha.Digits", split="test")),
        (alpha.DATASETS, dict(type="mmbeta.DigitsCanvas", split="test", num_images=1)),
        (beta.TRANSFORMS, dict(type="mmalpha.RandomFlip")),
        (alpha.TRANSFORMS, dict(type="mmbeta.PackSegInputs")),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else value.scope,
)
def test_each_builds_parts_of_the_other(asked: Registry[Any], config: dict[str, Any]) -> None:
    assert _library(asked.build(config)) == config["type"].partition(".")[0]


def test_a_scope_of_a_config_holds_for_all_that_is_inside() -> None:
    classifier: Any = beta.MODELS.build(
        dict(
            type="ImageClassifier",
            _scope_="mmalpha",
            backbone=NET,
            neck=dict(type="GlobalAveragePooling"),
            head=dict(type="LinearClsHead", in_channels=32, num_classes=3, loss=dict(type=CLASH)),
        )
    )
    assert _library(classifier) == _library(classifier.backbone) == "mmalpha"
    assert type(classifier.head.loss_module) is alpha.MODELS.get(CLASH)


def test_the_default_scope_changes_in_the_middle_of_a_program() -> None:
    with pytest.raises(NotRegisteredError):
        MODELS.build(NET)
    init_default_scope("mmalpha")
    assert _library(MODELS.build(NET)) == "mmalpha"
    assert type(MODELS.build(dict(type=CLASH))) is alpha.MODELS.get(CLASH)
    init_default_scope("mmbeta")
    assert _library(MODELS.build(HEAD)) == "mmbeta"
    assert type(MODELS.build(dict(type=CLASH))) is beta.MODELS.get(CLASH)
    with pytest.raises(NotRegisteredError, match=r"did you mean 'mmalpha\.ResNet'"):
        MODELS.build(NET)
    with DefaultScope.overwrite_default_scope("mmalpha"):
        assert _library(MODELS.build(NET)) == "mmalpha"
    assert type(MODELS.build(dict(type=CLASH))) is beta.MODELS.get(CLASH)


def test_a_name_of_both_means_that_of_the_node() -> None:
    assert alpha.MODELS.get(CLASH).__module__ == "mmalpha.models.losses"
    assert beta.MODELS.get(CLASH).__module__.startswith("mmbeta.models.")
    assert beta.MODELS.get(f"mmalpha.{CLASH}") is alpha.MODELS.get(CLASH)


def test_a_sibling_is_found_by_its_scope_and_not_imported_before(probe_with_torch: Probe) -> None:
    code = (
        "import sys; from mmbeta.registry import MODELS; import mmbeta.models;"
        "before = 'mmalpha' in sys.modules;"
        "backbone = MODELS.build(dict(type='mmalpha.ResNet', depth=18, base_channels=4));"
        "print(before, type(backbone).__module__)"
    )
    assert probe_with_torch(code).split() == ["False", "mmalpha.models.backbones.resnet"]


def test_a_name_of_both_is_never_the_other_one_s() -> None:
    ours = {"mmalpha": alpha.MODELS.get(CLASH), "mmbeta": beta.MODELS.get(CLASH)}
    assert ours["mmalpha"] is not ours["mmbeta"]
    for registry in (MODELS, alpha.MODELS, beta.MODELS):
        for scope, part in ours.items():
            assert registry.get(f"{scope}.{CLASH}") is part
            assert type(registry.build(dict(type=CLASH, _scope_=scope))) is part
    with pytest.raises(NotRegisteredError) as told:
        MODELS.build(dict(type=CLASH))
    assert all(f"'{scope}.{CLASH}'" in str(told.value) for scope in ours)
