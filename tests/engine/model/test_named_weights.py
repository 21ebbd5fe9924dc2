"""Pretrained weights from a file, a mirror folder or the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import safetensors.torch
import timm
import torch
import torchvision
from torch import nn

from engine.config import Config
from engine.model import without_pretrained
from engine.registry import MODELS, UntrustedError


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with weights of timm and torchvision."""
    folder: Path = tmp_path_factory.mktemp("mirror")
    theirs = timm.create_model("resnet18").state_dict()
    safetensors.torch.save_file(theirs, folder / "resnet18.a1_in1k.safetensors")
    (folder / "timm/resnet18.fb_ssl_yfcc100m_ft_in1k").mkdir(parents=True)
    name = folder / "timm/resnet18.fb_ssl_yfcc100m_ft_in1k/model.safetensors"
    safetensors.torch.save_file(timm.create_model("resnet18").state_dict(), name)
    state = torchvision.models.resnet18().state_dict()
    torch.save(state, folder / "resnet18-f37072fd.pth")
    return folder


def last_conv(model: nn.Module) -> torch.Tensor:
    (found,) = (p for name, p in model.named_parameters() if name.endswith("layer4.1.conv2.weight"))
    return found


@pytest.mark.parametrize("options", [{}, {"num_classes": 0}, {"features_only": True}])
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("timm.resnet18", "resnet18.a1_in1k.safetensors"),
        ("timm.resnet18.a1_in1k", "resnet18.a1_in1k.safetensors"),
        (
            "timm.resnet18.fb_ssl_yfcc100m_ft_in1k",
            "timm/resnet18.fb_ssl_yfcc100m_ft_in1k/model.safetensors",
        ),
        ("torchvision.resnet18", "resnet18-f37072fd.pth"),
    ],
)
def test_a_folder_and_a_file_give_the_same(
    name: str, file: str, options: dict[str, Any], mirror: Path
) -> None:
    path = mirror / file
    state = safetensors.torch.load_file(path) if path.suffix == ".safetensors" else torch.load(path)
    for pretrained in (mirror, path):
        model = MODELS.build(dict(type=name, pretrained=str(pretrained), **options))
        assert torch.equal(last_conv(model), state["layer4.1.conv2.weight"])


def test_timm_fits_the_first_layer_to_other_channels(mirror: Path) -> None:
    model: Any = MODELS.build(dict(type="timm.resnet18", pretrained=str(mirror), in_channels=1))
    state = safetensors.torch.load_file(mirror / "resnet18.a1_in1k.safetensors")
    expected = state["conv1.weight"].sum(1, keepdim=True)
    torch.testing.assert_close(model.conv1.weight.detach(), expected)
    assert "state_dict" not in model.pretrained_cfg


def test_weights_of_torchvision_may_be_a_file(mirror: Path) -> None:
    cfg = dict(type="torchvision.resnet18", weights=str(mirror / "resnet18-f37072fd.pth"))
    state = torch.load(mirror / "resnet18-f37072fd.pth")
    assert torch.equal(last_conv(MODELS.build(cfg)), state["layer4.1.conv2.weight"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("timm.resnet50", "resnet50.a1_in1k.safetensors or .* in it"),
        ("torchvision.resnet50", r"resnet50-0676ba61\.pth or resnet50-11ad3fa6\.pth in it"),
    ],
)
def test_a_folder_without_the_file_is_told_which(name: str, expected: str, mirror: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"has no weights of .* expected {expected}"):
        MODELS.build(dict(type=name, pretrained=str(mirror)))
    with pytest.raises(
        FileNotFoundError, match=r"neither a file nor a folder\. As a folder it has"
    ):
        MODELS.build(dict(type=name, pretrained="nowhere"))


@pytest.mark.parametrize(
    ("name", "load", "expected"),
    [
        (
            "timm.resnet18",
            "timm.create_model",
            "at https://huggingface.co/timm/resnet18.a1_in1k, which can't be reached.*"
            "put it as resnet18.a1_in1k.safetensors into a folder",
        ),
        (
            "torchvision.resnet18",
            "torch.hub.load_state_dict_from_url",
            "at https://download.pytorch.org/models/resnet18-f37072fd.pth, which can't.*"
            "put it as resnet18-f37072fd.pth into a folder",
        ),
    ],
)
def test_offline_says_which_file_to_put_where(
    name: str, load: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(load, unreachable)
    if name.startswith("torchvision"):
        monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    with pytest.raises(FileNotFoundError, match=expected):
        MODELS.build(dict(type=name, pretrained=True))


@pytest.mark.parametrize("name", ["timm.resnet18", "torchvision.resnet18"])
def test_data_may_name_files_but_no_program(name: str, mirror: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(f"model:\n  type: {name}\n  pretrained: {mirror}\n")
    assert MODELS.build(Config.fromfile(file).model) is not None
    file.write_text(f"model:\n  type: {name}\n  pretrained: 'simplecache::file:///x'\n")
    with pytest.raises(UntrustedError, match="data may not set pretrained"):
        MODELS.build(Config.fromfile(file).model)


def test_a_config_without_its_pretrained_weights() -> None:
    cfg = {
        "type": "A",
        "pretrained": None,
        "backbone": {"type": "B", "pretrained": True, "data": {"pretrained": True}},
        "head": {"type": "C", "pretrained": "weights"},
    }
    assert without_pretrained(cfg) == {
        "type": "A",
        "pretrained": None,
        "backbone": {"type": "B", "pretrained": False, "data": {"pretrained": True}},
        "head": {"type": "C", "pretrained": None},
    }
    assert cfg["head"] == {"type": "C", "pretrained": "weights"}
    model = nn.Identity()
    assert without_pretrained(model) is model
