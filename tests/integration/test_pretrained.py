"""Models in the form of the Hugging Face Hub, and a Hub on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch
import yaml

from engine.checkpoint import CheckpointError, save_checkpoint
from engine.cli import main
from engine.config import Config
from engine.infer import (
    build_inferencer,
    export_model,
    from_pretrained,
    push_to_hub,
    save_pretrained,
)

DIGITS = "mmalpha::resnet18_digits.py"
FILES = {"README.md", "config.json", "model.safetensors"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def run(*words: object) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main([*map(str, words)])
    return end.value.code


@pytest.fixture
def folder(digits_checkpoint: Path, tmp_path: Path) -> Path:
    return save_pretrained(digits_checkpoint, tmp_path / "digits", license="apache-2.0")


def test_a_folder_is_the_model(digits_checkpoint: Path, folder: Path, digit_image: Path) -> None:
    assert {each.name for each in folder.iterdir()} == FILES
    found = [
        build_inferencer(each, device="cpu")(str(digit_image))["predictions"]
        for each in (digits_checkpoint, folder)
    ]
    assert found[0] == found[1]
    model = from_pretrained(folder)
    weights = torch.load(digits_checkpoint, weights_only=True)["state_dict"]
    assert not model.training
    torch.testing.assert_close(dict(model.state_dict()), dict(weights), atol=0, rtol=0)


def test_the_config_is_data_that_can_be_trained_again(
    digits_checkpoint: Path, folder: Path
) -> None:
    cfg = Config.fromfile(folder / "config.json")
    assert cfg.model.backbone.base_channels == 16
    again = save_pretrained(from_pretrained(folder), folder.with_name("again"), cfg)
    before, after = (from_pretrained(each).state_dict() for each in (folder, again))
    torch.testing.assert_close(dict(before), dict(after), atol=0, rtol=0)


def test_the_card(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    _, front, body = text.split("---\n", 2)
    head = yaml.safe_load(front)
    assert head["library_name"] == "engine"
    assert head["license"] == "apache-2.0"
    assert head["pipeline_tag"] == "image-classification"
    assert head["tags"] == ["engine", "mmalpha"]
    (result,) = head["model-index"][0]["results"]
    assert result["task"] == {"type": "image-classification"}
    assert result["dataset"] == {"name": "Digits", "type": "digits"}
    assert result["metrics"] == [{"type": "accuracy", "name": "accuracy/top1", "value": 0.9375}]
    assert "| accuracy/top1 | 0.9375 |" in body
    for row in ("| epochs | 3 |", "| optimizer | AdamW |", "| backbone | ResNet |"):
        assert row in body


def test_the_card_is_one_for_huggingface_hub(folder: Path) -> None:
    from huggingface_hub import ModelCard

    card = ModelCard.load(folder / "README.md")
    (result,) = card.data.eval_results
    assert (result.metric_name, result.metric_value) == ("accuracy/top1", 0.9375)


def test_metrics_of_ones_own(digits_checkpoint: Path, tmp_path: Path) -> None:
    folder = save_pretrained(digits_checkpoint, tmp_path / "x", metrics={"accuracy/top5": 1.0})
    text = (folder / "README.md").read_text()
    assert "| accuracy/top5 | 1.0000 |" in text
    assert "top1" not in text


def test_nothing_is_overwritten_silently(
    digits_checkpoint: Path, folder: Path, tmp_path: Path
) -> None:
    (folder / "README.md").write_text("mine")
    with pytest.raises(FileExistsError, match="digits is there already; overwrite=True replaces"):
        save_pretrained(digits_checkpoint, folder)
    assert (folder / "README.md").read_text() == "mine"
    save_pretrained(digits_checkpoint, folder, overwrite=True)
    assert (folder / "README.md").read_text() != "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="other is there already; give another one"):
        save_pretrained(digits_checkpoint, other, overwrite=True)
    assert {each.name for each in tmp_path.iterdir()} == {"digits", "other"}


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    save_checkpoint({"state_dict": {"x": torch.ones(1)}}, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match="holds no config"):
        save_pretrained(tmp_path / "x.pth", tmp_path / "new")
    assert [each.name for each in tmp_path.iterdir()] == ["x.pth"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[]", "is no config that save_pretrained wrote"),
        ("{", "is no config that save_pretrained wrote"),
        ('{"_base_": ["../../x.json"], "model": {}}', "is no config that save_pretrained wrote"),
        ('{"model": {"type": "os.mkdir", "path": "harm"}}', "'os' is a Python package without reg"),
        ('{"model": {}, "custom_imports": {"imports": ["harm"]}}', "custom_imports would import"),
    ],
)
def test_a_strangers_folder_runs_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, config: str, message: str
) -> None:
    monkeypatch.chdir(folder.parent)
    (folder / "config.json").write_text(config)
    (folder / "harm.py").write_text("raise SystemExit")
    with pytest.raises((ValueError, KeyError, RuntimeError), match=message):
        from_pretrained(folder)
    assert not Path("harm").exists()


def test_a_config_does_not_see_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "swordfish")
    cfg = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**cfg, "work_dir": "{{ $SECRET }}"}))
    found = build_inferencer(folder, device="cpu").cfg
    assert "swordfish" not in str(found)


def test_weights_are_read_as_safetensors_only(folder: Path) -> None:
    torch.save({"x": torch.ones(1)}, folder / "model.safetensors")
    with pytest.raises(CheckpointError):
        from_pretrained(folder)


# -- The Hub -------------------------------------------------------------------------------------


class Hub:
    """What a Hub holds: the files of each repository, and the calls that it got."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.calls: list[str] = []
        self.created: list[dict[str, Any]] = []
        self.refuses = False


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send_file()

    def do_GET(self) -> None:
        self._send_file()

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.hub.calls.append(f"POST {self.path}")
        if self.hub.refuses:
            self._answer(403, {"error": "not yours"})
        elif self.path == "/api/repos/create":
            self.hub.created.append(json.loads(content))
            self._answer(200, {"url": f"{self._address}/ann/digits"})
        elif self.path == "/api/validate-yaml":
            self._answer(200, {"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            names = [each["path"] for each in json.loads(content)["files"]]
            told = [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]
            self._answer(200, {"files": told})
        elif "/commit/" in self.path:
            repository = self.path.removeprefix("/api/models/").partition("/commit/")[0]
            lines = [json.loads(line) for line in content.splitlines() if line]
            files = [each["value"] for each in lines if each["key"] == "file"]
            self.hub.files[repository] = {
                each["path"]: base64.b64decode(each["content"]) for each in files
            }
            address = f"{self._address}/{repository}/commit/{COMMIT}"
            self._answer(200, {"commitUrl": address, "commitOid": COMMIT})
        else:
            self._answer(404, {"error": "no such route"})

    @property
    def _address(self) -> str:
        return f"http://{self.headers['Host']}"

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_file(self) -> None:
        self.hub.calls.append(f"{self.command} {self.path}")
        repository, _, rest = self.path.strip("/").partition("/resolve/")
        content = self.hub.files.get(repository, {}).get(rest.partition("/")[2])
        if content is None:
            code = "EntryNotFound" if repository in self.hub.files else "RepoNotFound"
            self.send_response(404)
            self.send_header("X-Error-Code", code)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub on this machine, which takes the place of that in the internet."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    held = Hub()
    handler = type("Handler", (_Handler,), {"hub": held})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_goes_to_the_hub_and_back(
    digits_checkpoint: Path, digit_image: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("push", digits_checkpoint, "ann/digits", "--license", "mit") == 0
    assert "Pushed to http://127.0.0.1:" in capsys.readouterr().out
    assert hub.files["ann/digits"].keys() == FILES
    assert hub.created[0]["name"] == "digits"
    assert hub.created[0].get("private", hub.created[0].get("visibility")) in (True, "private")
    assert b"license: mit" in hub.files["ann/digits"]["README.md"]

    assert run("predict", "ann/digits", digit_image, "--device", "cpu") == 0
    fetched = capsys.readouterr().out
    assert run("predict", digits_checkpoint, digit_image, "--device", "cpu") == 0
    assert capsys.readouterr().out == fetched
    assert from_pretrained("ann/digits", revision=COMMIT).state_dict().keys()


def test_a_folder_goes_as_it_is(folder: Path, hub: Hub) -> None:
    (folder / "README.md").write_text("my own words")
    (folder / "secret.txt").write_text("not for others")
    push_to_hub(folder, "ann/digits", private=False)
    assert hub.files["ann/digits"].keys() == FILES
    assert hub.files["ann/digits"]["README.md"] == b"my own words"


def test_only_the_files_of_a_model_are_fetched(folder: Path, hub: Hub, tmp_path: Path) -> None:
    files = {each.name: each.read_bytes() for each in folder.iterdir()}
    hub.files["eve/x"] = {**files, "model.py": b"raise SystemExit", "../../x.py": b""}
    from_pretrained("eve/x")
    assert {call.rpartition("/")[2] for call in hub.calls} == {"config.json", "model.safetensors"}
    assert not [*tmp_path.rglob("*.py")]


def test_what_the_hub_does_not_have(
    digits_checkpoint: Path, hub: Hub, digit_image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", "ann/nothing", digit_image) == 2
    told = capsys.readouterr().err
    assert "there is no ann/nothing here, and it can't be fetched from the Hub: " in told
    hub.files["ann/other"] = {"config.json": b"{}"}
    with pytest.raises(CheckpointError, match="there is no ann/other here"):
        from_pretrained("ann/other")
    hub.refuses = True
    assert run("push", digits_checkpoint, "ann/digits") == 2
    assert "the Hub does not take ann/digits: " in capsys.readouterr().err


def test_names_of_files_are_not_asked_of_the_hub(
    digits_checkpoint: Path, hub: Hub, digit_image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", "work_dirs/epoch_1.pth", digit_image) == 2
    assert "there is no checkpoint work_dirs/epoch_1.pth" in capsys.readouterr().err
    assert run("push", digits_checkpoint, "digits") == 2
    assert "a model on the Hub is called user/name; got 'digits'" in capsys.readouterr().err
    cfg = Config.fromfile(DIGITS)
    cfg.inferencer.weights = "ann/digits"
    with pytest.raises(CheckpointError, match="there is no checkpoint ann/digits"):
        build_inferencer(digits_checkpoint, cfg, "cpu")
    assert hub.calls == []


def test_the_form_of_the_hub_is_a_format_of_export(
    digits_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "digits"
    assert run("export", digits_checkpoint, "--format", "hub", "--out", out) == 0
    assert capsys.readouterr().out == f"Wrote {out}\n"
    assert {each.name for each in out.iterdir()} == FILES
    assert run("export", digits_checkpoint, "--format", "hub", "--out", out) == 2
    assert f"Error: {out} is there already" in capsys.readouterr().err
    export_model(out, tmp_path / "x.safetensors")  # which a folder can be exported to, too
