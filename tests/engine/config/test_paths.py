"""From what a user names to the file of a config."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from engine.config import Config, ConfigError, shipped_configs

from .conftest import Write


@pytest.fixture
def remote() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()


def test_paths(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write({"sub/x.py": "lr = 1\n", "sub/y.py": "_base_ = 'x.py'\n"})
    monkeypatch.setenv("HOME", str(folder))
    for name in ("sub/y.py", "./sub/../sub/y.py", str(folder / "sub/y.py"), "~/sub/y.py"):
        cfg = Config.fromfile(name)
        assert cfg == {"lr": 1}
    assert Config.fromfile(Path("sub/y.py")).filename == "sub/y.py"
    assert Config.fromfile("sub/y.py").text == "_base_ = 'x.py'\n"


def test_a_config_that_a_package_ships(write: Write) -> None:
    cfg = Config.fromfile("mmbeta::fcn_r18_digits.py")
    assert cfg.model.backbone.type == "mmalpha.ResNet"
    write({"x.py": "_base_ = ['mmbeta::fcn_r18_digits.py']\nmodel = dict(x=1)\n"})
    child = Config.fromfile("x.py")
    assert child.model.x == 1
    assert child.model.backbone == cfg.model.backbone


def test_a_config_that_mim_has_put_into_a_package(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = "dict(type='A', inner=dict(type='B'))"
    folder = write(
        {
            "pack_for_a_test/__init__.py": "raise RuntimeError('nobody imports this')\n",
            "pack_for_a_test/configs/a.py": "lr = 1\n",
            "pack_for_a_test/.mim/configs/a.py": "lr = 2\n",
            "pack_for_a_test/.mim/configs/sub/b.py": f"m = {part}\nhooks = dict(x=[{part}])\n"
            "own = dict(type='C', _scope_='other')\nplain = dict(y=1)\n",
            "x.py": "_base_ = 'pack_for_a_test::sub/b.py'\nm = dict(inner=dict(type='D'))\n",
        }
    )
    monkeypatch.syspath_prepend(folder)
    assert Config.fromfile("pack_for_a_test::a.py").lr == 1
    assert "_scope_" not in Config.fromfile("pack_for_a_test::sub/b.py").m
    assert shipped_configs("pack_for_a_test") == [
        "pack_for_a_test::a.py",
        "pack_for_a_test::sub/b.py",
    ]
    scoped = {"type": "A", "inner": {"type": "B"}, "_scope_": "pack_for_a_test"}
    assert Config.fromfile("x.py") == {
        "m": {**scoped, "inner": {"type": "D"}},
        "hooks": {"x": [scoped]},
        "own": {"type": "C", "_scope_": "other"},
        "plain": {"y": 1},
    }
    with pytest.raises(ConfigError, match=r"'sub/c.py'; did you mean pack_for_a_test::sub/b.py\?"):
        Config.fromfile("pack_for_a_test::sub/c.py")


def test_urls(remote: fsspec.AbstractFileSystem, write: Write) -> None:
    remote.pipe("/configs/bases/base.py", b"model = dict(depth=18)\nlr = 1\n")
    remote.pipe("/configs/x.py", b"_base_ = './bases/base.py'\nlr = '{{ fileBasename }}'\n")
    remote.pipe("/configs/sub/y.yaml", b"_base_: ../z.json\nlr: 5\n")
    remote.pipe("/configs/z.json", b'{"a": 1}')
    remote.pipe(
        "/configs/sub/pure.py",
        b"from engine.config import read_base\nwith read_base():\n"
        b"    from ..bases.base import *\n    from ..x import lr as other\n"
        b"model.depth = 50\n",
    )
    write({"local.py": "_base_ = 'memory://configs/x.py'\n"})
    cfg = Config.fromfile("memory://configs/x.py")
    assert cfg == {"model": {"depth": 18}, "lr": "x.py"}
    assert cfg.filename == "memory://configs/x.py"
    assert str(cfg.provenance("lr")) == (
        "lr = 'x.py' (memory://configs/x.py:2), overrode 1 (memory://configs/bases/base.py:2)"
    )
    assert Config.fromfile("local.py") == cfg
    assert Config.fromfile("memory://configs/sub/y.yaml") == {"a": 1, "lr": 5}
    pure = Config.fromfile("memory://configs/sub/pure.py")
    assert pure == {"model": {"depth": 50}, "lr": 1, "other": "x.py"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("experment.py", "there is no config file experment.py; did you mean experiment.py?"),
        ("sub/experment.yaml", "there is no config file sub/experment.yaml"),
        ("no/x.py", "there is no config file no/x.py"),
        ("folder.py", "there is no config file folder.py"),
        ("", "there is no config file ."),
        (
            "mmbeta::fcn_r18_digit.py",
            "mmbeta ships no config 'fcn_r18_digit.py'; did you mean mmbeta::fcn_r18_digits.py "
            "or mmbeta::unet_r18_digits.py or mmbeta::upernet_r18_digits.py?",
        ),
        (
            "mmgamma::x.py",
            "mmgamma::x.py: the package 'mmgamma' is not installed. "
            "Install it: pip install mmgamma",
        ),
        ("memory://nothing.py", "there is no config file memory://nothing.py"),
    ],
)
def test_there_is_no_such_file(
    write: Write, remote: fsspec.AbstractFileSystem, name: str, message: str
) -> None:
    write({"experiment.py": "", "folder.py/x.py": "", "notes.txt": ""})
    with pytest.raises(FileNotFoundError) as caught:
        Config.fromfile(name)
    assert isinstance(caught.value, ConfigError)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x.txt", "x.txt: a config ends in .py, .yaml, .yml, .json, .toml; not in '.txt'"),
        ("x", "x: a config ends in .py, .yaml, .yml, .json, .toml; not in ''"),
        ("latin.py", "latin.py:1: this is no text in UTF-8 (byte 0xe9); save the file in it"),
        ("nosuch://x.py", "nosuch://x.py: there is no storage 'nosuch'"),
        ("__main__::x.py", "__main__::x.py: the package '__main__' is not installed"),
        ("os.path::x.py", "os.path::x.py: the package 'os.path' is not installed"),
        ("json::x.py", "json ships no config 'x.py'"),
    ],
)
def test_what_can_not_be_read(write: Write, name: str, told: str) -> None:
    folder = write({"x.txt": "", "x": ""})
    (folder / "latin.py").write_bytes(b"x = '\xe9'\n")
    with pytest.raises(ConfigError) as caught:
        Config.fromfile(name)
    assert str(caught.value).startswith(told)
