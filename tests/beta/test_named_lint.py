"""The linter tells of names that no source has, and of those that several have."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine import lint
from engine.config import Config
from engine.registry import MODELS, DefaultScope, NotRegisteredError


def _model(backbone: str, decoder: str) -> dict[str, Any]:
    return {
        "type": "EncoderDecoder",
        "backbone": {"type": "NamedBackbone", "name": backbone},
        "decode_head": {"type": "NamedDecodeHead", "decoder": decoder, "num_classes": 2},
    }


def _report(model: dict[str, Any]) -> lint.Report:
    return lint.check(Config({"default_scope": "mmbeta", "model": model}))


def test_a_name_that_several_sources_have_is_a_warning() -> None:
    (found,) = _report(_model("resnet18", "FCNDecoder")).findings
    assert (found.kind, found.path) == ("shadowed-type", "model.backbone.name")
    assert found.severity == "warning"
    assert "is the one of the source mmalpha; there is also 'timm_resnet18'" in found.message
    assert found.suggestion == "write 'mmalpha_resnet18' if that is meant"


@pytest.mark.parametrize("backbone", ["mmalpha_resnet18", "timm_resnet18"])
def test_a_prefix_leaves_no_doubt(backbone: str) -> None:
    assert str(_report(_model(backbone, "mmbeta_FCNDecoder"))) == "no findings"


@pytest.mark.parametrize(
    ("backbone", "decoder", "path"),
    [
        ("resnet1x", "FCNDecoder", "model.backbone.name"),
        ("timm_resnet18", "smp_Unett", "model.decode_head.decoder"),
    ],
)
def test_a_name_that_no_source_has_is_an_error(backbone: str, decoder: str, path: str) -> None:
    model = _model(backbone, decoder)
    (found,) = _report(model).errors
    assert (found.kind, found.path) == ("unknown-type", path)
    assert "did you mean" in (found.suggestion or "")
    with (
        DefaultScope.overwrite_default_scope("mmbeta"),
        pytest.raises(NotRegisteredError, match="could not be instantiated from any source"),
    ):
        MODELS.build(model)


def test_a_name_with_weights_is_that_of_the_source_that_has_them() -> None:
    model = _model("resnet18", "FCNDecoder")
    model["backbone"]["pretrained"] = True
    (found,) = _report(model).findings
    assert (found.kind, found.severity) == ("shadowed-type", "warning")
    assert "is the one of the source timm; there is also 'mmalpha_resnet18'" in found.message
    model["backbone"] |= {"pretrained": False, "in_chans": 1}
    with DefaultScope.overwrite_default_scope("mmbeta"):
        built: Any = MODELS.build(model)
    assert built(torch.zeros(2, 1, 32, 32)).shape == (2, 2, 32, 32)
