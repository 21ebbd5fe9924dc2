"""A command line that has an option for each value of a config."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from engine.config import Config

from .conftest import Write

TEXT = """\
lr = 0.1
name = 'a'
model = dict(depth=18, layers=[1, dict(x=2)], norm=None, big=False, empty=[])
"""


def parsed(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Config, dict[str, Any]]:
    monkeypatch.setattr(sys, "argv", ["tool", "x.py", *words])
    parser, cfg = Config.auto_argparser("A tool.")
    return cfg, vars(parser.parse_args())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),
        (["--lr", "1e-3"], {"lr": 1e-3}),
        (["--lr=1"], {"lr": 1}),
        (["--name", "5"], {"name": "5"}),
        (["--model.depth", "50"], {"model.depth": 50}),
        (["--model.layers.1.x", "a"], {"model.layers.1.x": "a"}),
        (["--model.norm", "BN"], {"model.norm": "BN"}),
        (["--model.big", "true"], {"model.big": True}),
        (["--model.empty", "[1, 2]"], {"model.empty": [1, 2]}),
    ],
)
def test_values(
    write: Write, monkeypatch: pytest.MonkeyPatch, words: list[str], expected: dict[str, Any]
) -> None:
    write({"x.py": TEXT})
    cfg, given = parsed(monkeypatch, *words)
    assert given == expected
    wanted = Config(cfg)
    wanted.merge_from_dict(expected)
    cfg.merge_from_dict(given)
    assert cfg == wanted


def test_its_own_word_is_no_value_of_the_config(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"x.py": TEXT})
    cfg, given = parsed(monkeypatch, "--lr", "5")
    cfg.merge_from_dict(given)
    assert cfg.lr == 5
    assert "config" not in cfg


def test_help(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write({"x.py": TEXT + "format = '%d of %(x)s'\n"})
    with pytest.raises(SystemExit) as caught:
        parsed(monkeypatch, "--help")
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    for told in ("A tool.", "a config file", "--model.depth INT", "18 if not given", "%d of %(x)s"):
        assert told in printed


@pytest.mark.parametrize("key", ["help", "config", "h", "a-b"])
def test_any_key_can_be_an_option(write: Write, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    write({"x.py": f"part = {{{key!r}: 1}}\n"})
    cfg, given = parsed(monkeypatch, f"--part.{key}", "2")
    cfg.merge_from_dict(given)
    assert cfg == {"part": {key: 2}}


@pytest.mark.parametrize("key", ["help", "config"])
def test_any_key_can_be_at_the_top(write: Write, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    write({"x.py": f"{key} = 1\nlr = 1\n"})
    cfg, given = parsed(monkeypatch, "--lr", "2")
    assert given["lr"] == 2
    assert cfg[key] == 1


def test_a_wrong_option(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write({"x.py": TEXT})
    with pytest.raises(SystemExit) as caught:
        parsed(monkeypatch, "--model.dpth", "1")
    assert caught.value.code == 2
    assert "unrecognized arguments: --model.dpth" in capsys.readouterr().err
