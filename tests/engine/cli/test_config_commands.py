"""`engine config`: show, diff and schema; `engine lint`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.cli import main

BASE = "mmbeta::fcn_r18_digits.py"
FILES = {
    "base.py": "model = dict(\n    depth=18, layers=[dict(x=1), (2, 3)])\nlr = 1\n",
    "x.py": "_base_ = 'base.py'\nfrom collections import Counter\nmodel = dict(\n    depth=50)\n"
    "kind = dict(type=Counter)\n",
    "odd.py": "import pathlib\na = {1, 2}\nb = dict(c=b'x', d=1j, e=pathlib.Path('y'))\n"
    "f = float('inf')\ng = {(1, 2): 3, 4: 5, 'a.b': 6}\n",
    "broken.py": "x = 1\ny = z\n",
    "of_broken.py": "_base_ = 'broken.py'\n",
    "trusted.yaml": "_base_: base.py\nlr: 2\n",
    "imports.json": '{"custom_imports": {"imports": ["json"]}}',
    "good.py": f"_base_ = ['{BASE}']\n",
    "bad.py": f"_base_ = ['{BASE}']\nmodel = dict(\n    backbone=dict(bse_channels=32))\n"
    "train_dataloder = dict(batch_size=8)\n",
    "warned.py": f"_base_ = ['{BASE}']\nlog_interval = 5000\n",
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)


def _printed(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """Return what a command prints; where it fails, what it prints as an error."""
    with pytest.raises(SystemExit) as caught:
        main(list(words))
    printed = capsys.readouterr()
    assert caught.value.code == status, printed.err
    assert "Traceback" not in printed.err
    if status == 2:
        assert not printed.out
    return printed.err if status == 2 else printed.out


def _json(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    text = _printed(capsys, *words, "--json", status=status)
    return json.loads(text, parse_constant=refuse)


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert _printed(capsys, "config", "show", "x.py") == (
        "model = dict(depth=50, layers=[dict(x=1), (2, 3)])\n"
        "lr = 1\n"
        "kind = dict(type='collections.Counter')\n"
    )
    assert _json(capsys, "config", "show", "x.py") == {
        "model": {"depth": 50, "layers": [{"x": 1}, [2, 3]]},
        "lr": 1,
        "kind": {"type": "collections.Counter"},
    }


def test_show_with_options(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["config", "show", "base.py", "--cfg-options", "lr=2", "model.layers.0.x=(a,b)"]
    assert _printed(capsys, *words, "new=true") == (
        "model = dict(depth=18, layers=[dict(x=('a', 'b')), (2, 3)])\nlr = 2\nnew = True\n"
    )


def test_show_provenance(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["config", "show", "x.py", "--provenance", "--cfg-options", "lr=2"]
    assert _printed(capsys, *words) == (
        "model.depth = 50 (x.py:4), overrode 18 (base.py:2)\n"
        "model.layers.0.x = 1 (base.py:2)\n"
        "model.layers.1.0 = 2 (base.py:2)\n"
        "model.layers.1.1 = 3 (base.py:2)\n"
        "lr = 2 (--cfg-options), overrode 1 (base.py:3)\n"
        "kind.type = <class 'collections.Counter'> (x.py:5)\n"
    )
    depth, *_, lr, kind = _json(capsys, *words)
    assert depth == {
        "path": "model.depth",
        "value": 50,
        "site": "x.py:4",
        "overrode": {"path": "model.depth", "value": 18, "site": "base.py:2", "overrode": None},
    }
    assert (lr["site"], lr["overrode"]["site"]) == ("--cfg-options", "base.py:3")
    assert kind["value"] == "collections.Counter"


@pytest.mark.parametrize(
    "words",
    [
        ["show", "odd.py"],
        ["show", "odd.py", "--provenance"],
        ["diff", "odd.py", "base.py"],
        ["diff", "base.py", "odd.py"],
    ],
)
def test_any_value_can_be_shown(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert _printed(capsys, "config", *words)
    assert _json(capsys, "config", *words)


def test_diff(capsys: pytest.CaptureFixture[str]) -> None:
    assert _printed(capsys, "config", "diff", "base.py", "x.py") == (
        "- model.depth = 18 (base.py:2)\n"
        "+ model.depth = 50 (x.py:4)\n"
        "+ kind.type = <class 'collections.Counter'> (x.py:5)\n"
    )
    depth, kind = _json(capsys, "config", "diff", "base.py", "x.py")
    assert (depth["path"], depth["before"]["value"], depth["after"]["value"]) == (
        "model.depth", 18, 50
    )  # fmt: skip
    assert kind["before"] is None
    assert _printed(capsys, "config", "diff", "x.py", "x.py").strip() == ""
    assert _json(capsys, "config", "diff", "x.py", "x.py") == []


def test_trust(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["config", "show", "trusted.yaml"],
        ["config", "diff", "base.py", "trusted.yaml"],
        ["lint", "trusted.yaml"],
        ["train", "trusted.yaml"],
        ["test", "trusted.yaml", "x.pth"],
        ["config", "show", "imports.json"],
    ):
        printed = _printed(capsys, *words, status=2)
        assert printed.startswith("Error: ")
        assert "--trust on the command line" in printed
    assert "lr = 2" in _printed(capsys, "config", "show", "trusted.yaml", "--trust")
    assert _printed(capsys, "config", "show", "imports.json", "--trust")
    told = _printed(capsys, "config", "diff", "base.py", "trusted.yaml", "--trust")
    assert told == "- lr = 1 (base.py:3)\n+ lr = 2 (trusted.yaml:2)\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "bas.py"], "there is no config file bas.py; did you mean base.py"),
        (["show", "broken.py"], "broken.py:2: NameError: name 'z' is not defined"),
        (
            ["show", "of_broken.py"],
            "broken.py:2: NameError: name 'z' is not defined\n  which is a base of of_broken.py:1",
        ),
        (["show", "base.py", "--cfg-options", "lr"], "an option is key=value"),
        (["show", "base.py", "--cfg-options", "lr.x=1"], "lr.x: lr (base.py:3) is 1, which has"),
        (["diff", "base.py", "broken.py"], "broken.py:2: NameError"),
        (["schema", "--scope", "mmbta"], "mmbta"),
        (["show"], "Missing argument 'CONFIG'"),
        (["show", "base.py", "--jsn"], "No such option"),
    ],
)
def test_what_can_not_be_done(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert message in _printed(capsys, "config", *words, status=2)


def test_lint(capsys: pytest.CaptureFixture[str]) -> None:
    assert "broken.py:2: NameError" in _printed(capsys, "lint", "broken.py", status=2)
    assert _printed(capsys, "lint", "good.py") == "no findings\n"
    assert _json(capsys, "lint", "good.py")["findings"] == []
    lines = _printed(capsys, "lint", "bad.py", status=1).splitlines()
    assert lines == [
        "model.backbone.bse_channels (bad.py:3): ResNet has no argument 'bse_channels'; "
        "'base_channels' is there already",
        "train_dataloder (bad.py:4): a run has no such key; did you mean 'train_dataloader'?",
        "2 errors",
    ]
    told = _json(capsys, "lint", "bad.py", status=1)
    assert [each["kind"] for each in told["findings"]] == ["unknown-argument", "unknown-key"]
    assert told["errors"] == 2
    assert "1 warning" in _printed(capsys, "lint", "warned.py", status=1)


def test_lint_with_options(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["lint", "good.py", "--cfg-options", "train_cfg.max_epoch=1", "work_dir=x"]
    printed = _printed(capsys, *words, status=1)
    assert "train_cfg.max_epoch (--cfg-options): " in printed
    assert "max_epochs" in printed


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(_printed(capsys, "config", "schema", "--scope", "mmbeta"))
    assert schema == _json(capsys, "config", "schema", "--scope", "mmbeta")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for kind, is_valid in (("mmalpha.ResNet", True), ("mmalpha.ResNt", False)):
        cfg = {"_base_": BASE, "model": {"type": kind, "depth": 18}}
        assert validator.is_valid(cfg) is is_valid
    own = json.loads(_printed(capsys, "config", "schema"))
    assert "MODELS.mmalpha.ResNet" in schema["$defs"]
    jsonschema.Draft202012Validator.check_schema(own)


def test_train_refuses_errors(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, "train", "bad.py", status=2)
    assert printed == (
        "Error: the config has errors; --no-lint skips the check\n"
        "  model.backbone.bse_channels (bad.py:3): ResNet has no argument 'bse_channels'; "
        "'base_channels' is there already\n"
        "  train_dataloder (bad.py:4): a run has no such key; did you mean 'train_dataloader'?\n"
    )
    assert not Path("work_dirs").exists()


def test_train_goes_on_without_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, "train", "bad.py", "--no-lint", status=2)
    assert "--no-lint skips the check" not in printed
    assert "model.backbone.bse_channels (bad.py:3): ResNet has no argument" in printed


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(FileNotFoundError):
        main(["config", "show", "bas.py", "--debug"])


def test_lint_with_data_elsewhere(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = "mmalpha::resnet18_cifar10.py"
    told = _json(capsys, "lint", config, "--data-root", str(tmp_path / "no"), status=1)
    assert {each["kind"] for each in told["findings"]} == {"missing-folder"}
    assert _printed(capsys, "lint", config, "--data-root", str(tmp_path)) == "no findings\n"
