"""The registries of TerraTorch as sources: here those of a package that stands in for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Probe = Callable[[str], str]

# What TerraTorch documents about its registries, and no more.
STAND_IN = """
class Registry:
    def __init__(self, **makers): self.makers = makers
    def __contains__(self, name): return name in self.makers
    def __iter__(self): return iter(self.makers)
    def build(self, name, *args, **kwargs):
        if name not in self: raise KeyError(name)
        return self.makers[name](*args, **kwargs)

class MultiSourceRegistry(Registry):
    def keys(self): return ["terratorch", "timm"]

def said(name):
    return lambda *args, **kwargs: (name, args, kwargs)

TERRATORCH_BACKBONE_REGISTRY = Registry(
    prithvi_vit_100=said("prithvi_vit_100"), resnet18=said("their resnet18")
)
BACKBONE_REGISTRY = MultiSourceRegistry(
    terratorch_prithvi_vit_100=said("prithvi_vit_100"), prithvi_vit_100=said("prithvi_vit_100"),
    timm_prithvi_swin_B=said("timm_prithvi_swin_B"), resnet50=said("no matter"),
)
TERRATORCH_DECODER_REGISTRY = Registry(FCNDecoder=said("FCN"), LinearDecoder=said("Linear"))
TERRATORCH_NECK_REGISTRY = Registry(TheirNeck=said("neck"))
MODEL_FACTORY_REGISTRY = Registry(TheirFactory=said("factory"))
"""


@pytest.fixture
def with_stand_in(probe: Probe, tmp_path: Path) -> Probe:
    package = tmp_path / "terratorch"
    package.mkdir()
    (package / "__init__.py").write_text("print('imported')\nfrom . import registry\n")
    (package / "registry.py").write_text(STAND_IN)

    def run(code: str) -> str:
        setup = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        names = "BACKBONE_REGISTRY, DECODER_REGISTRY, MODEL_FACTORY_REGISTRY, NECK_REGISTRY"
        return probe(f"{setup}from engine import {names}\n{code}")

    return run


def test_the_examples_of_the_page_run(with_stand_in: Probe) -> None:
    code = """
print(list(BACKBONE_REGISTRY.keys()), list(DECODER_REGISTRY.keys()))
print([name for name in BACKBONE_REGISTRY if "prithvi" in name])
print("timm_prithvi_swin_B" in BACKBONE_REGISTRY, "prithvi_vit_100" in BACKBONE_REGISTRY)
print(BACKBONE_REGISTRY.build("prithvi_vit_100", num_frames=1, pretrained=True))
print(BACKBONE_REGISTRY.build("timm_prithvi_swin_B", bands=["RED"]))
print(DECODER_REGISTRY.build("terratorch_FCNDecoder", [32, 64, 128]))
print(DECODER_REGISTRY.build("LinearDecoder", [32], width=2))
print("TheirNeck" in NECK_REGISTRY, MODEL_FACTORY_REGISTRY.build("terratorch_TheirFactory"))
"""
    assert with_stand_in(code).splitlines() == [
        "['mmalpha', 'terratorch', 'timm', 'transformers'] ['mmbeta', 'terratorch', 'smp']",
        "imported",
        "['terratorch_prithvi_vit_100']",
        "True True",
        "('prithvi_vit_100', (), {'pretrained': True, 'num_frames': 1})",
        "('timm_prithvi_swin_B', (), {'bands': ['RED']})",
        "('FCN', ([32, 64, 128],), {})",
        "('Linear', ([32],), {'width': 2})",
        "True ('factory', (), {})",
    ]


def test_other_sources_keep_their_names(with_stand_in: Probe) -> None:
    code = """
def owner(name, *arguments): return BACKBONE_REGISTRY.explain(name, arguments).found.node
print(owner("resnet18"), owner("resnet18", "pretrained"), owner("resnet50d", "pretrained"))
"""
    last = with_stand_in(code).splitlines()[-1]
    assert last == "source mmalpha source terratorch source timm"


def test_without_terratorch_there_is_no_such_source(probe: Probe) -> None:
    code = "from engine import BACKBONE_REGISTRY as found; print('terratorch' in found.keys())"
    assert probe(code).strip() == "False"
