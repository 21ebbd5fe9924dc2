"""Words in the text of a config that stand for other values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, ConfigError

from .conftest import Write

BASE = "x = dict(y=5, z=[1, dict(a='b')], root='data', f=1.5)\nname = 'n'\n"


def test_parts_of_the_path(write: Write) -> None:
    text = (
        "a = '{{ fileDirname }}'\nb = '{{fileBasename}}'\n"
        "c = ['{{ fileBasenameNoExtension }}', 'x{{   fileExtname   }}y']\n"
    )
    folder = write({"configs/my.exp.py": text, "top.py": text})
    expected = {"a": "configs", "b": "my.exp.py", "c": ["my.exp", "x.pyy"]}
    assert Config.fromfile("configs/my.exp.py") == expected
    assert Config.fromfile(Path("configs/my.exp.py")) == expected
    assert Config.fromfile(folder / "configs/my.exp.py").a == str(folder / "configs")
    assert Config.fromfile("top.py").a == "."


def test_they_are_those_of_the_file_that_has_them(write: Write) -> None:
    write(
        {
            "bases/base.py": "name = '{{ fileBasename }}'\nfolder = '{{ fileDirname }}'\n",
            "x.py": "_base_ = '{{ fileDirname }}/bases/base.py'\nown = '{{ fileBasename }}'\n",
            "y.yaml": "_base_: z.json\nown: '{{ fileBasenameNoExtension }}'\n",
            "z.json": '{"name": "{{ fileBasename }}"}',
        }
    )
    assert Config.fromfile("x.py") == {"name": "base.py", "folder": "bases", "own": "x.py"}
    assert Config.fromfile("y.yaml") == {"name": "z.json", "own": "y"}


def test_they_can_be_left_alone(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "1")
    write({"x.py": "a = '{{ fileDirname }}'\nb = '{{ $A_NAME }}'\n"})
    assert Config.fromfile("x.py", use_predefined_variables=False) == {
        "a": "{{ fileDirname }}",
        "b": "1",
    }
    cfg = Config.fromfile("x.py", use_environment_variables=False)
    assert cfg == {"a": ".", "b": "{{ $A_NAME }}"}
    assert cfg.env_variables == {}


def test_a_string_has_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "1")
    text = "a = '{{ fileDirname }}'\nb = '{{ $A_NAME }}'\n"
    assert Config.fromstring(text, ".py") == {"a": "{{ fileDirname }}", "b": "1"}


def test_environment(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "7")
    monkeypatch.delenv("NO_NAME", raising=False)
    write(
        {
            "base.py": "z = {{ $NO_NAME:3 }}\n",
            "x.py": "_base_ = 'base.py'\n"
            "a = {{ $A_NAME }}\nb = '{{$A_NAME:1}}'\nc = {{ $NO_NAME:[1, 2] }}\n"
            "d = '{{ $NO_NAME:a b:c }}'\ne = '{{ $NO_NAME: }}'\n"
            "f = dict(x={{ $A_NAME:2 }})\n",
            "x.json": '{"a": {{ $A_NAME }}, "b": "{{ $A_NAME }}"}',
            "x.yaml": "a: {{ $A_NAME }}\nb: '{{ $NO_NAME:x }}'\n",
        }
    )
    cfg = Config.fromfile("x.py")
    assert cfg == {
        "z": 3, "a": 7, "b": "7", "c": [1, 2], "d": "a b:c", "e": "", "f": {"x": 7}
    }  # fmt: skip
    assert cfg.env_variables["A_NAME"] == "7"
    assert "NO_NAME" in cfg.env_variables
    assert Config.fromfile("x.json") == {"a": 7, "b": "7"}
    assert Config.fromfile("x.yaml") == {"a": 7, "b": "x"}


@pytest.mark.parametrize("suffix", [".py", ".json", ".yaml"])
def test_a_variable_that_is_not_set(
    write: Write, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.delenv("NO_NAME", raising=False)
    write({f"x{suffix}": "\n\n{{ $NO_NAME }}"})
    with pytest.raises(ConfigError) as caught:
        Config.fromfile(f"x{suffix}")
    assert str(caught.value) == (
        f"x{suffix}:3: the environment variable NO_NAME is not set; "
        "set it, or write a default: {{ $NO_NAME:default }}"
    )


@pytest.mark.parametrize("value", ["'", '"', "\\", "a\nb = 1", "\x1b", "\u2028"])
@pytest.mark.parametrize("suffix", [".py", ".json", ".yaml"])
def test_a_variable_adds_nothing_to_the_text(
    write: Write, monkeypatch: pytest.MonkeyPatch, suffix: str, value: str
) -> None:
    monkeypatch.setenv("A_NAME", value)
    write({f"x{suffix}": "\n{{ $A_NAME }}"})
    with pytest.raises(ConfigError) as caught:
        Config.fromfile(f"x{suffix}")
    assert str(caught.value) == (
        f"x{suffix}:2: {{{{ $A_NAME }}}} is {value!r}, which has quotes, backslashes or control "
        "characters; a config can't take these over"
    )


PLAIN = st.text(st.characters(exclude_characters="\"'\\{}", exclude_categories=["C", "Z"]))


@given(PLAIN)
def test_any_other_value_arrives_whole(value: str) -> None:
    for text, suffix in (("x = '{{ $A_NAME }}'", ".py"), ('{"x": "{{ $A_NAME }}"}', ".json")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("A_NAME", value)
            assert Config.fromstring(text, suffix) == {"x": value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = {{ _base_.x.y }}", 5),
        ("a = '{{ _base_.x.y }}'", 5),
        ('a = "{{_base_.x.y}}"', 5),
        ("a = {{ _base_.x.z.0 }}", 1),
        ("a = '{{ _base_.x.z.1.a }}'", "b"),
        ("a = {{ _base_.x.z }}", [1, {"a": "b"}]),
        ("a = '{{ _base_.x.root }}/train'", "data/train"),
        ("a = '{{ _base_.x.root }}/{{ _base_.name }}{x}{'", "data/n{x}{"),
        ("a = r'\\d{{ _base_.name }}'", "\\dn"),
        ("a = '''\n{{ _base_.name }}'''", "\nn"),
        ("a = dict(b=[{{ _base_.x.y }}, '{{ _base_.name }}'])", {"b": [5, "n"]}),
        ("a = {{ _base_.x.y }} * 2 + {{ _base_.x.f }}", 11.5),
        ("a = {'{{ _base_.name }}': 1}", {"n": 1}),
        ("a = ['it', {{ _base_.x.y }}]", ["it", 5]),
        ("# it's '{{ _base_.nothing }}'\na = {{ _base_.x.y }}", 5),
        ("a = f'{1}{{ _base_.x }}'", "1{ _base_.x }"),
        ("a = b'{{ _base_.x }}'", b"{{ _base_.x }}"),
    ],
)
def test_values_of_a_base_in_python(write: Write, text: str, expected: Any) -> None:
    write({"base.py": BASE, "x.py": f"_base_ = ['base.py']\n{text}\n"})
    assert Config.fromfile("x.py").a == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "{{ _base_.x.y }}"}', 5),
        ('{"a": {{ _base_.x.y }}}', 5),
        ('{"a": "{{ _base_.x.z }}"}', [1, {"a": "b"}]),
        ('{"a": ["{{ _base_.x.root }}/{{ _base_.x.y }}"]}', ["data/5"]),
        ('{"a": {"{{ _base_.name }}": 1}}', {"n": 1}),
    ],
)
def test_values_of_a_base_in_a_text(write: Write, text: str, expected: Any) -> None:
    write(
        {
            "base.json": '{"x": {"y": 5, "z": [1, {"a": "b"}], "root": "data"}, "name": "n"}',
            "x.json": text.replace("{", '{"_base_": "base.json", ', 1),
        }
    )
    assert Config.fromfile("x.json").a == expected


def test_a_value_of_a_base_is_a_copy(write: Write) -> None:
    write({"base.py": BASE, "x.py": "_base_ = ['base.py']\na = {{ _base_.x }}\n"})
    cfg = Config.fromfile("x.py")
    cfg.a.z[1].a = 2
    assert cfg.x.z[1].a == "b"


def test_a_value_that_no_base_has(write: Write) -> None:
    write(
        {
            "base.json": '{"model": {"depth": 5}}',
            "x.py": "_base_ = ['base.json']\n\na = {{ _base_.model.detph }}\n",
            "x.json": '{"_base_": "base.json",\n"b": 1,\n"a": "{{ _base_.model.detph }}"}',
            "y.json": '{\n"a": "{{ _base_.model }}"}',
        }
    )
    for name, message in {
        "x.py": (
            "x.py:3: AttributeError: model (base.json:1): the config has no key 'detph'; "
            "did you mean 'depth'?"
        ),
        "x.json": "x.json:3: no base has the value 'model.detph'; did you mean 'depth'?",
        "y.json": "y.json:2: no base has the value 'model'",
    }.items():
        with pytest.raises(ConfigError) as caught:
            Config.fromfile(name)
        assert str(caught.value) == message


def test_lines_stay_what_they_are(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "7")
    write(
        {
            "base.py": BASE,
            "x.py": "_base_ = ['base.py']\na = dict(\n    b={{ $A_NAME }},\n"
            "    c='{{ _base_.name }}/{{ fileBasename }}',\n    d={{ _base_.x }},\n    e=1)\n",
        }
    )
    cfg = Config.fromfile("x.py")
    assert cfg.a.c == "n/x.py"
    places = [str(cfg.provenance(f"a.{key}").site) for key in "bcde"]
    assert places[:2] + places[3:] == ["x.py:3", "x.py:4", "x.py:6"]
    assert cfg.text.count("{{") == 4
