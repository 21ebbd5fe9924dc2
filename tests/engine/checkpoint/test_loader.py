"""Checkpoints by the scheme of their names."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision.models import ResNet18_Weights, resnet18

from engine.checkpoint import CheckpointError, CheckpointLoader, get_torchvision_models
from engine.runner import load_checkpoint


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's folder for what was downloaded."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget afterwards what a test registers."""
    monkeypatch.setattr(CheckpointLoader, "_schemes", dict(CheckpointLoader._schemes))


@pytest.mark.usefixtures("schemes")
def test_the_longest_beginning_counts() -> None:
    def answer(text: str) -> Any:
        return lambda name, map_location: {"by": text, "name": name, "to": map_location}

    CheckpointLoader.register_scheme(["zoo://", "zoo2://"], answer("zoo"))

    @CheckpointLoader.register_scheme("zoo://cats/")
    def cats(name: str, map_location: Any) -> dict[str, Any]:
        return {"by": "cats"}

    found = CheckpointLoader.load_checkpoint("zoo://dogs/1", "cpu")
    assert found == {"by": "zoo", "name": "zoo://dogs/1", "to": "cpu"}
    assert CheckpointLoader.load_checkpoint("zoo://cats/1") == {"by": "cats"}
    with pytest.raises(KeyError, match="'zoo2://' is registered already"):
        CheckpointLoader.register_scheme("zoo2://", answer("other"))
    CheckpointLoader.register_scheme("zoo2://", answer("other"), force=True)
    assert CheckpointLoader.load_checkpoint("zoo2://x")["by"] == "other"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A folder on the web with one checkpoint."""
    folder = tmp_path / "site"
    folder.mkdir()
    torch.save({"state_dict": {"x": torch.ones(2)}}, folder / "a.pth")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_is_downloaded_once(site: str, hub: Path) -> None:
    for _ in range(2):
        content = CheckpointLoader.load_checkpoint(f"{site}/a.pth?version=2")
        assert content["state_dict"]["x"].tolist() == [1.0, 1.0]
        (hub.parents[1] / "site" / "a.pth").unlink(missing_ok=True)
    assert [file.name for file in hub.glob("*/*")] == ["a.pth"]
    with pytest.raises(CheckpointError, match=r"/b\.pth could not be downloaded: HTTP Error 404"):
        CheckpointLoader.load_checkpoint(f"{site}/b.pth")


def test_what_is_downloaded_is_not_taken_for_the_file_of_another_url(site: str, hub: Path) -> None:
    name = ResNet18_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    folder = hub.parents[1] / "site"
    for part in ("one", "two"):
        (folder / part).mkdir()
        torch.save({"from": part}, folder / part / name)
    for part in ("one", "two"):
        assert CheckpointLoader.load_checkpoint(f"{site}/{part}/{name}") == {"from": part}
    assert not (hub / name).exists()  # torch would unpickle it as weights of its own


def test_weights_of_torchvision(hub: Path) -> None:
    urls = get_torchvision_models()
    assert urls["resnet18"] == ResNet18_Weights.IMAGENET1K_V1.url
    assert urls["ResNet18_Weights.IMAGENET1K_V1"] == ResNet18_Weights.IMAGENET1K_V1.url
    source, target = resnet18(), resnet18()
    hub.mkdir(parents=True)
    torch.save(source.state_dict(), hub / urls["resnet18"].rpartition("/")[2])
    load_checkpoint(target, "torchvision://resnet18", strict=True)
    assert torch.equal(target.conv1.weight, source.conv1.weight)
    with pytest.raises(CheckpointError, match=r"no weights for 'resnet81'; did you mean 'resnet"):
        CheckpointLoader.load_checkpoint("torchvision://resnet81")
