"""Names that come from other packages."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
import torch
from torch import nn

from engine.registry import (
    MODELS,
    SMP_DECODER_REGISTRY,
    TIMM_MODEL_REGISTRY,
    TORCHVISION_MODEL_REGISTRY,
    TRANSFORMERS_BACKBONE_REGISTRY,
    NotRegisteredError,
    PackageSource,
    Registry,
    ScopeImportError,
    ScopeNotInstalledError,
)

Probe = Callable[[str], str]


def _source(package: str = "json") -> PackageSource:
    return PackageSource(package, lambda: ["one", "two"], lambda name: lambda: name, "the-thing")


def _broken() -> list[str]:
    raise ImportError("a library is missing")


def test_a_source_lists_and_builds() -> None:
    source = _source()
    assert list(source) == ["one", "two"]
    assert len(source) == 2
    assert "one" in source
    assert "three" not in source
    assert 1 not in source
    assert source.build("one") == "one"
    assert source.get("three", None) is None
    assert source


def test_names_are_listed_once_and_only_when_asked() -> None:
    calls: list[int] = []

    def listed() -> list[str]:
        calls.append(1)
        return ["one"]

    source = PackageSource("json", listed, lambda name: dict, "the-thing")
    registry: Registry[Any] = Registry("model", scope="top")
    registry.attach_source("thing", source)
    assert calls == []
    assert "thing.one" in registry
    assert "one" in source
    assert list(source) == ["one"]
    assert calls == [1]


def test_a_package_that_is_not_installed() -> None:
    source = _source("no_such_package")
    message = "no_such_package is not installed. Install it: pip install 'the-thing'"
    assert not source.is_installed
    assert list(source) == []
    assert len(source) == 0
    assert "one" not in source
    assert source.get("one", None) is None
    for ask in (source.get, source.build):
        with pytest.raises(ScopeNotInstalledError) as caught:
            ask("one")
        assert str(caught.value) == message


def test_a_scoped_registry_says_what_to_install() -> None:
    registry: Registry[Any] = Registry("model", scope="top")
    registry.attach_source("gone", _source("no_such_package"))
    assert "gone.one" not in registry
    assert registry.get("gone.one", None) is None
    with pytest.raises(ScopeNotInstalledError, match="pip install 'the-thing'"):
        registry.build(dict(type="gone.one"))


def test_each_ready_source_names_its_extra(probe_with_torch: Probe) -> None:
    code = """
import sys
for name in ('timm', 'torchvision', 'segmentation_models_pytorch', 'transformers'):
    sys.modules[name] = None
from engine.registry import MODELS
for prefix in MODELS.sources:
    try:
        MODELS.build(dict(type=prefix + '.resnet18'))
    except KeyError as error:
        print(error)
"""
    assert probe_with_torch(code).splitlines() == [
        "timm is not installed. Install it: pip install 'engine[timm]'",
        "torchvision is not installed. Install it: pip install 'engine[torchvision]'",
        "segmentation_models_pytorch is not installed. Install it: pip install 'engine[smp]'",
        "transformers is not installed. Install it: pip install 'engine[transformers]'",
    ]


def test_a_package_whose_import_fails() -> None:
    source = PackageSource("json", _broken, lambda name: dict, "the-thing")
    asked: list[Callable[[], object]] = [
        lambda: source.get("x"),
        lambda: source.build("x"),
        source.names,
    ]
    for ask in asked:
        with pytest.raises(ScopeImportError) as caught:
            ask()
        assert str(caught.value) == (
            "json is installed, but its import fails: ImportError: a library is missing"
        )
        assert isinstance(caught.value.__cause__, ImportError)
    assert "x" not in source
    assert list(source) == []


def test_a_name_that_the_package_does_not_have() -> None:
    with pytest.raises(NotRegisteredError) as caught:
        MODELS.build(dict(type="timm.resnet_18"))
    assert str(caught.value).startswith(f"timm {version('timm')} has no 'resnet_18'; did you mean")
    assert "'resnet18'" in str(caught.value)


def test_timm() -> None:
    import timm

    assert list(TIMM_MODEL_REGISTRY) == timm.list_models()
    assert len(TIMM_MODEL_REGISTRY) > 1000
    assert TIMM_MODEL_REGISTRY.version == timm.__version__
    model = MODELS.build(dict(type="timm.resnet18", num_classes=10, in_chans=1))
    assert model(torch.zeros(2, 1, 32, 32)).shape == (2, 10)
    narrow = MODELS.build(dict(type="timm.resnet18", in_channels=1))  # as the libraries call it
    assert narrow(torch.zeros(2, 1, 32, 32)).shape == (2, 1000)
    features = MODELS.build(dict(type="timm.resnet18", features_only=True, out_indices=(1, 2)))
    assert [each.shape[1] for each in features(torch.zeros(2, 3, 32, 32))] == [64, 128]


def test_a_child_finds_the_sources_of_the_root() -> None:
    from mmbeta.registry import MODELS as CHILD

    assert "timm.resnet18" in CHILD
    assert CHILD.explain("timm.resnet18").found is not None


def test_torchvision() -> None:
    import torchvision

    assert list(TORCHVISION_MODEL_REGISTRY) == torchvision.models.list_models()
    assert TORCHVISION_MODEL_REGISTRY.version == version("torchvision")
    model = MODELS.build(dict(type="torchvision.resnet18", num_classes=10))
    assert isinstance(model, torchvision.models.ResNet)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize("name", list(SMP_DECODER_REGISTRY))
@pytest.mark.parametrize("channels", [[8, 16, 32, 64], [4, 8, 16, 32, 64]])
def test_smp_decoders_take_the_channel_list_first(name: str, channels: list[int]) -> None:
    size = 8 << (len(channels) - 1)  # that of the last map is 8, the least that PAN takes
    decoder = SMP_DECODER_REGISTRY.build(name, channels)
    maps = [
        torch.randn(2, width, size >> step, size >> step) for step, width in enumerate(channels)
    ]
    out = decoder(maps)
    assert out.shape[:2] == (2, decoder.out_channels)
    torch.autograd.backward(out.sum())
    assert any(each.grad is not None for each in decoder.parameters())


def test_smp_decoders_take_options_too() -> None:
    decoder = MODELS.build(
        dict(type="smp.Unet", channels=[4, 8, 16], decoder_channels=(16, 8, 4)), expect=nn.Module
    )
    maps = [torch.randn(2, width, 32 >> step, 32 >> step) for step, width in enumerate([4, 8, 16])]
    assert decoder(maps).shape == (2, 4, 64, 64)
    assert SMP_DECODER_REGISTRY.build("FPN", [8] * 4, merge_policy="cat").out_channels == 4 * 128
    assert SMP_DECODER_REGISTRY.version == version("segmentation-models-pytorch")


def test_smp_decoders_say_how_many_maps_they_need() -> None:
    with pytest.raises(ValueError, match=r"FPN needs at least 4 feature maps; .* \[8, 16\]"):
        SMP_DECODER_REGISTRY.build("FPN", [8, 16])


SMALL: dict[str, Any] = dict(hidden_sizes=[4] * 4, depths=[1] * 4, embedding_size=4)


def test_transformers() -> None:
    assert "resnet" in TRANSFORMERS_BACKBONE_REGISTRY
    backbone = MODELS.build(dict(type="transformers.resnet", **SMALL))
    assert len(backbone(torch.zeros(2, 3, 32, 32)).feature_maps) == 1
    backbone = TRANSFORMERS_BACKBONE_REGISTRY.build("resnet", features_only=True, **SMALL)
    maps = backbone(torch.zeros(2, 3, 64, 64)).feature_maps
    assert [each.shape[-1] for each in maps] == [16, 8, 4, 2]


def test_transformers_is_told_of_a_misspelt_option() -> None:
    with pytest.raises(TypeError, match="has no 'depht'; did you mean 'depths'"):
        TRANSFORMERS_BACKBONE_REGISTRY.build("resnet", depht=[1])


def test_what_a_source_makes_has_a_name_in_messages() -> None:
    winner = MODELS.explain("timm.resnet18").found
    assert winner is not None
    assert winner.target == "timm.models._factory.create_model('resnet18')"
    assert winner.version == TIMM_MODEL_REGISTRY.version
    with pytest.raises(TypeError, match=r"Unet.* needs 'channels'"):
        MODELS.build(dict(type="smp.Unet"))
    assert pickle.loads(pickle.dumps(MODELS.get("smp.Unet")))([4, 8]).out_channels == 128  # noqa: S301
