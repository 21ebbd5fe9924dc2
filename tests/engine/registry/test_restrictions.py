"""Options that only code may set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.config import Config, ConfigError, Options
from engine.registry import Registry, UntrustedError, allow, needs_trust
from engine.registry.restrictions import (
    NAMES_CHECKPOINT,
    SETS_PROCESS,
    Restriction,
    check_fetched_plainly,
    is_local,
    is_template_within,
    is_within,
)


@needs_trust(command="it runs a program", mode=Restriction("small modes", lambda x: x != "big"))
class Tool:
    """A part with options that data may not set."""

    def __init__(self, command: str | None = None, mode: str = "small", name: str = "") -> None:
        self.command, self.mode, self.name = command, mode, name


class Child(Tool):
    """A part that inherits them."""


@needs_trust(type="it is a tracker")
class Tracker:
    """A part that data may not name."""


class Outer:
    """A part that builds another of a plain dictionary."""

    def __init__(self, **inner: Any) -> None:
        self.inner = TOOLS.build(dict(inner.get("inner", inner), type="Tool"))


class Reads:
    """A part that reads a config."""

    def __init__(self, path: str) -> None:
        self.cfg = Config.fromfile(path)


TOOLS: Registry[Any] = Registry("tool", scope="restricted")
for _part in (Tool, Child, Tracker, Outer, Reads):
    TOOLS.register_module(module=_part)

REFUSED = (
    ("type: Tool, command: x", "command"),
    ("type: Child, command: x", "command"),
    ("type: Tool, mode: big", "mode"),
    ("type: Tracker", "type"),
    ("type: Outer, command: x", "data may not set command of Tool"),
)


@pytest.mark.parametrize(("text", "told"), REFUSED)
def test_data_may_not_set_them_and_is_told_what_would_allow_it(text: str, told: str) -> None:
    cfg = Config.fromstring(f"a: {{{text}}}", ".yaml")
    with pytest.raises(UntrustedError) as caught:
        TOOLS.build(cfg.a)
    message = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    for word in (told, "trust=True", "--trust", "engine.registry.allow(", "<string>:1"):
        assert word in message
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("text", "told"), REFUSED)
def test_what_is_trusted_may(text: str, told: str) -> None:
    TOOLS.build(Config.fromstring(f"a: {{{text}}}", ".yaml", trust=True).a)
    values = Config.fromstring(f"a: {{{text}}}", ".yaml").to_dict()
    TOOLS.build(values["a"])  # the dictionary of a program
    TOOLS.build(Config.fromstring(f"a = {values['a']!r}", ".py").a)


@pytest.mark.parametrize("inner", ["command: x", "inner: {command: x}"])
def test_options_of_data_stay_data_where_code_names_the_part(tmp_path: Path, inner: str) -> None:
    (tmp_path / "base.yaml").write_text(f"a: {{{inner}}}", "utf-8")
    file = tmp_path / "mine.py"
    file.write_text("_base_ = 'base.yaml'\na = dict(type='Outer')", "utf-8")
    with pytest.raises(UntrustedError, match="data may not set command of Tool"):
        TOOLS.build(Config.fromfile(file).a)
    file.write_text(
        "_base_ = 'base.yaml'\na = dict(type='Outer', _delete_=True, command='x')", "utf-8"
    )
    TOOLS.build(Config.fromfile(file).a)


def test_what_data_may_set() -> None:
    assert TOOLS.build(Config.fromstring("a: {type: Tool, name: x}", ".yaml").a).name == "x"
    assert TOOLS.build(Config.fromstring("a: {type: Tool, mode: tiny}", ".yaml").a).mode == "tiny"


def test_an_option_of_the_command_line_is_no_data() -> None:
    cfg = Config.fromstring("a: {type: Tool}", ".yaml")
    cfg.merge_from_dict(Options({"a.command": "mine"}))
    assert TOOLS.build(cfg.a).command == "mine"


def test_a_program_allows_a_part() -> None:
    cfg = Config.fromstring("a: {type: Tool, command: x}", ".yaml")
    allow(f"{__name__}.Tool")
    assert TOOLS.build(cfg.a).command == "x"


def test_a_part_of_data_runs_no_python_config(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text("raise SystemExit", "utf-8")
    cfg = Config({"a": {}})
    cfg = Config.fromstring(f"a: {{type: Reads, path: {file}}}", ".yaml")
    with pytest.raises(ConfigError, match="would run as code, and a config that is data asks"):
        TOOLS.build(cfg.a)
    file.write_text("x = 1", "utf-8")
    assert TOOLS.build({"type": "Reads", "path": str(file)}).cfg.x == 1


@pytest.mark.parametrize(
    ("value", "local", "within"),
    [
        ("a.png", True, True),
        ("a/b.png", True, True),
        (None, True, True),
        ("../a", True, False),
        ("a/../../b", True, False),
        ("/etc/x", True, False),
        ("C:/x", True, False),
        ("a\\..\\b", True, False),
        ("http://x/y", False, False),
        ("zip::x", False, False),
        (["a", {"b": "s3://x"}], False, False),
    ],
)
def test_which_names_are_local_and_which_in_a_folder(value: Any, local: bool, within: bool) -> None:
    assert is_local(value) is local
    assert is_within(value) is within


@pytest.mark.parametrize(
    ("value", "within"),
    [
        ("epoch_{}.pth", True),
        ("a/{:03d}/{0}.pth", True),
        ("x.pth", True),
        (None, True),
        ("../{}.pth", False),
        ("{:/>9}.pth", False),
        ("a{:.>3}/{}.pth", False),
        ("{0.__doc__[127]}{0.__doc__[127]}/{0}.pth", False),
        ("{{}}{}.pth", False),
        ("{", False),
    ],
)
def test_which_templates_stay_in_a_folder(value: Any, within: bool) -> None:
    assert is_template_within(value) is within


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a/b.pth", True),
        ("/etc/b.pth", True),
        ("https://x/b.pth", True),
        ("torchvision://resnet18", True),
        ("", True),
        ("ftp://x/b.pth", False),
        ("simplecache::https://x/b.pth", False),
        ("zip://a::b", False),
    ],
)
def test_which_files_are_fetched_plainly(name: str, plain: bool) -> None:
    assert NAMES_CHECKPOINT.allows(name) is plain
    if plain:
        check_fetched_plainly(name)
    else:
        with pytest.raises(UntrustedError, match="data may name a local file or one at http"):
            check_fetched_plainly(name)


@pytest.mark.parametrize(
    ("env_cfg", "plain"),
    [
        (None, True),
        ({}, True),
        ({"cudnn_benchmark": True, "resource_limit": 4096}, True),
        ({"mp_cfg": {"mp_start_method": "fork", "opencv_num_threads": 0}}, True),
        ({"mp_cfg": None, "dist_cfg": {"backend": "nccl", "timeout": 60}}, True),
        ({"stop": {"signals": ["SIGTERM"]}}, True),
        ({"mp_cfg": {"mp_start_method": "mine"}}, False),
        ({"mp_cfg": {"executable": "x"}}, False),
        ({"dist_cfg": {"backend": "mpi"}}, False),
        ({"dist_cfg": {"init_method": "file:///x"}}, False),
        ({"stop": {"requeue": "x"}}, False),
        ({"mp_cfg": "fork"}, False),
        ({"other": 1}, False),
        ("fork", False),
    ],
)
def test_what_data_may_set_of_the_process(env_cfg: Any, plain: bool) -> None:
    assert SETS_PROCESS.allows(env_cfg) is plain
