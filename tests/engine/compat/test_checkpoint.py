"""Functions for checkpoints by their old names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.checkpoint import CheckpointError, CheckpointLoader, save_checkpoint
from engine.compat import _checkpoint as old
from engine.compat import _schemes as schemes

Probe = Callable[[str], str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's table of models."""
    monkeypatch.setenv(schemes.ENV_MMENGINE_HOME, str(tmp_path))
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A checkpoint of a model with a backbone and a head."""
    weights = {"backbone.weight": torch.ones(1, 2), "head.weight": torch.zeros(1, 1)}
    save_checkpoint({"state_dict": weights, "meta": {"epoch": 1}}, tmp_path / "x.pth")
    return tmp_path / "x.pth"


def test_a_part_of_the_weights(file: Path) -> None:
    for prefix in ("backbone", "backbone."):
        part = old._load_checkpoint_with_prefix(prefix, file, "cpu")
        assert list(part) == ["weight"]
    with pytest.raises(CheckpointError, match=r"nothing under 'neck\.'; there is backbone, head"):
        old._load_checkpoint_with_prefix("neck", file)
    whole = old._load_checkpoint(str(file))
    assert whole["meta"] == {"epoch": 1}
    assert list(old._process_mmcls_checkpoint(whole)["state_dict"]) == ["weight"]


def test_weights_that_were_read_go_into_a_model(file: Path) -> None:
    model = nn.Linear(2, 1, bias=False)
    checkpoint = old._load_checkpoint(file)
    revise_keys = [("^backbone.", "")]
    assert old._load_checkpoint_to_model(model, checkpoint, revise_keys=revise_keys) is checkpoint
    assert torch.equal(model.weight, torch.ones(1, 2))
    with pytest.raises(CheckpointError, match="missing"):
        old._load_checkpoint_to_model(model, {"state_dict": {}}, strict=True)


def test_local_files(file: Path) -> None:
    assert old.load_from_local(file, "cpu")["meta"] == {"epoch": 1}
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint nope\.pth"):
        old.load_from_local("nope.pth", None)


def test_a_download_goes_where_it_is_wanted(file: Path, tmp_path: Path) -> None:
    url, folder = file.as_uri(), tmp_path / "models"
    for _ in range(2):
        assert old.load_from_http(url, "cpu", folder)["meta"] == {"epoch": 1}
        file.unlink(missing_ok=True)  # the second time it is there already
    with pytest.raises(CheckpointError, match="could not be downloaded"):
        old.load_from_http(f"{file.as_uri()}y", model_dir=folder)


def test_models_of_the_users_table(home: Path, file: Path) -> None:
    assert (schemes.get_mmcls_models(), schemes.get_deprecated_model_names()) == ({}, {})
    assert schemes.get_external_models() == {}
    table = home / "open_mmlab.json"
    table.write_text(json.dumps({"near": file.name, "far": str(file)}), encoding="utf-8")
    for name in ("open-mmlab://near", "openmmlab://far"):
        assert CheckpointLoader.load_checkpoint(name, "cpu")["meta"] == {"epoch": 1}
    message = r"open-mmlab://nera names no file: .* into .*open_mmlab.json; did you mean 'near'"
    with pytest.raises(CheckpointError, match=message):
        schemes.load_from_openmmlab("open-mmlab://nera")
    with pytest.raises(CheckpointError, match="give the URL or the file of the weights"):
        CheckpointLoader.load_checkpoint("mmcls://vgg11")


def test_the_folder_of_the_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(schemes.ENV_MMENGINE_HOME, raising=False)
    monkeypatch.setenv(schemes.ENV_XDG_CACHE_HOME, str(tmp_path))
    assert schemes._get_mmengine_home() == str(tmp_path / "mmengine")
    monkeypatch.delenv(schemes.ENV_XDG_CACHE_HOME)
    assert schemes._get_mmengine_home() == str(Path.home() / ".cache" / "mmengine")


def test_torchvision_by_its_former_name() -> None:
    with pytest.raises(CheckpointError, match="torchvision has no weights for 'resnet81'"):
        schemes.load_from_torchvision("modelzoo://resnet81")


@pytest.mark.parametrize(
    "order", ["import engine.checkpoint._loader; compat.install()", "compat.install()"]
)
def test_a_config_may_name_weights_by_a_scheme(
    home: Path, probe_with_torch: Probe, order: str
) -> None:
    program = f"""
from engine import compat
{order}
from torch import nn
from engine.model import initialize
try:
    initialize(nn.Conv2d(1, 1, 1), dict(type="Pretrained", checkpoint="open-mmlab://vgg"))
except Exception as error:
    print(error)
"""
    assert "open-mmlab://vgg names no file: give the URL" in probe_with_torch(program)
