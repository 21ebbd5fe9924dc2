"""`Config` itself: how it is made, what it tells of itself, its copies, its import."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from engine.config import Config, ConfigDict, ConfigError, parse_options
from engine.registry import BuildError, Registry

from .conftest import Write

Probe = Callable[[str], str]

FORMATS = {
    ".py": "name = 'a'\nmodel = dict(type='ResNet', depth=18)\n",
    ".yaml": "name: a\nmodel:\n  type: ResNet\n  depth: 18\n",
    ".yml": "name: a\nmodel: {type: ResNet, depth: 18}\n",
    ".json": '{"name": "a", "model": {"type": "ResNet", "depth": 18}}',
    ".toml": "name = 'a'\n[model]\ntype = 'ResNet'\ndepth = 18\n",
}


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_says_the_same(write: Write, suffix: str) -> None:
    expected = {"name": "a", "model": {"type": "ResNet", "depth": 18}}
    write({f"x{suffix}": FORMATS[suffix]})
    cfg = Config.fromfile(f"x{suffix}")
    text = Config.fromstring(FORMATS[suffix], suffix)
    assert cfg == text == Config(expected) == expected
    assert type(cfg) is type(text) is Config
    assert type(cfg.model) is ConfigDict
    assert (cfg.filename, cfg.text) == (f"x{suffix}", FORMATS[suffix])
    assert (text.filename, text.text) == (None, FORMATS[suffix])


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_byte_order_mark_is_no_part_of_a_config(write: Write, suffix: str) -> None:
    write({f"x{suffix}": "\ufeff" + FORMATS[suffix]})
    assert Config.fromfile(f"x{suffix}").model.depth == 18


def test_the_documented_arguments_are_taken(write: Write) -> None:
    write({"x.py": "lr = 1\n"})
    for lazy_import in (None, True, False):
        assert Config.fromfile(
            "x.py",
            use_predefined_variables=True,
            import_custom_modules=True,
            use_environment_variables=True,
            lazy_import=lazy_import,
            format_python_code=False,
        ) == {"lr": 1}
    cfg = Config(
        cfg_dict={"lr": 1},
        cfg_text="lr = 1",
        filename=Path("x.py"),
        env_variables={"A": "b"},
        format_python_code=False,
    )
    assert (cfg.text, cfg.filename, cfg.env_variables) == ("lr = 1", "x.py", {"A": "b"})
    assert repr(cfg) == "Config (path: x.py): {'lr': 1}"


def test_what_a_config_is_made_of() -> None:
    for values in ({"a": {"b": 1}}, OrderedDict(a={"b": 1}), MappingProxyType({"a": {"b": 1}})):
        assert Config(values).a.b == 1
    assert Config() == Config(None) == {}
    assert Config(Config({"a": 1})) == {"a": 1}
    for wrong in ([], "a", 1, [("a", 1)]):
        with pytest.raises(TypeError, match="a config is made of a mapping; got "):
            Config(wrong)  # type: ignore[arg-type]  # the mistake that is tested


def test_a_config_takes_nothing_from_what_it_is_made_of() -> None:
    given: dict[str, Any] = {"a": {"b": [1]}}
    cfg = Config(given)
    cfg.a.b.append(2)
    other = Config(cfg)
    other.a.b.append(3)
    assert (given, cfg) == ({"a": {"b": [1]}}, {"a": {"b": [1, 2]}})


def test_copies_tell_the_same(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "1")
    write({"x.py": "a = dict(b=[1, dict(c=int('{{ $A_NAME }}'))])\n"})
    cfg = Config.fromfile("x.py")
    twins = [copy.copy(cfg), copy.deepcopy(cfg), cfg.copy(), cfg | {}]
    for twin in (*twins, pickle.loads(pickle.dumps(cfg))):  # noqa: S301
        assert twin == cfg
        assert (twin.filename, twin.text) == (cfg.filename, cfg.text)
        assert twin.env_variables == {"A_NAME": "1"}
        twin.new = 1
        assert "new" not in cfg


def test_reading_is_done_anew_each_time(write: Write) -> None:
    write({"base.py": "a = dict(b=[1])\n", "x.py": "_base_ = 'base.py'\n"})
    Config.fromfile("x.py").a.b.append(2)
    assert Config.fromfile("x.py") == {"a": {"b": [1]}}


class ResNet:
    """A part to build."""

    def __init__(self, depth: int, norm: Any = None) -> None:
        self.depth = depth
        self.norm = norm


PARTS: Registry[Any] = Registry("part", scope="config_test")
PARTS.register_module(module=ResNet)


def test_a_build_error_says_which_line(write: Write) -> None:
    write(
        {
            "configs/base.py": "model = dict(\n    backbone=dict(\n        type='ResNet',\n"
            "        norm=None))\n",
            "configs/x.py": "_base_ = 'base.py'\nmodel = dict(\n    backbone=dict(\n"
            "        detph=50))\n",
        }
    )
    cfg = Config.fromfile("configs/x.py")
    with pytest.raises(BuildError) as caught:
        PARTS.build(cfg.model.backbone)
    assert str(caught.value) == (
        "model.backbone.detph (configs/x.py:4): ResNet has no argument 'detph'; "
        "did you mean 'depth'?\n  ResNet(depth, norm=None)"
    )
    cfg.model.backbone.depth = cfg.model.backbone.pop("detph") - 32
    assert PARTS.build(cfg.model.backbone).depth == 18


def test_a_build_error_says_which_option_or_program(write: Write) -> None:
    write({"x.py": "parts = [1, dict(type='ResNet', depth=1)]\n"})
    cfg = Config.fromfile("x.py")
    cfg.merge_from_dict(parse_options(["parts.1.detph=2"]))
    with pytest.raises(BuildError, match=r"^parts\.1\.detph \(--cfg-options\): ResNet has no"):
        PARTS.build(cfg.parts[1])
    del cfg.parts[1]["detph"]
    cfg.parts[1].norn = 1
    with pytest.raises(BuildError) as caught:
        PARTS.build(cfg.parts[1])
    assert str(caught.value).startswith(f"parts.1.norn ({__file__}:")
    twin = pickle.loads(pickle.dumps(cfg))  # noqa: S301
    with pytest.raises(BuildError) as again:
        PARTS.build(twin.parts[1])
    assert str(again.value) == str(caught.value)


def test_a_build_does_not_change_the_config() -> None:
    cfg = Config({"model": {"type": "ResNet", "depth": 3, "norm": {"x": 1}}})
    before = copy.deepcopy(cfg)
    built = PARTS.build(cfg.model)
    assert built.norm.x == 1
    assert cfg == before


def test_the_import_is_light(probe: Probe) -> None:
    program = (
        "import sys, engine.config\n"
        "from engine.config import Config, ConfigDict, ConfigError, DictAction, read_base\n"
        "heavy = {'torch', 'numpy', 'rich', 'yaml', 'fsspec', 'matplotlib', 'pandas', 'cv2'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "cfg = Config.fromstring('x = dict(y=1)', '.py')\n"
        "cfg.merge_from_dict({'x.y': 2}); cfg.dump(); cfg.provenance('x.y')\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    assert probe(program) == "[]\n[]\n"


def test_an_error_is_a_value_error() -> None:
    assert issubclass(ConfigError, ValueError)
