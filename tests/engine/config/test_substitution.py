"""Words in the text of a config that stand for other values."""

from __future__ import annotations

import json
from collections.abc import Callable
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
            "f = dict(x={{ $A_NAME:2 }})\ng = f'{a}-{{ $A_NAME }}'\n# {{ $NO_NAME }}\n",
        }
    )
    cfg = Config.fromfile("x.py")
    assert cfg == {
        "z": 3, "a": "7", "b": "7", "c": "[1, 2]", "d": "a b:c", "e": "", "f": {"x": 7}, "g": "7-7"
    }  # fmt: skip
    assert cfg.env_variables["A_NAME"] == "7"
    assert "NO_NAME" in cfg.env_variables


SUFFIXES = [".py", ".json", ".yaml", ".toml"]


def text_with(word: str, suffix: str) -> str:
    """Return the text of a config whose `x` is a word without quotes."""
    return {
        ".py": f"x = {word}\n",
        ".json": f'{{"x": {word}}}',
        ".yaml": f"x: {word}\n",
        ".toml": f"x = {word}\n",
    }[suffix]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("default", "given", "expected"),
    [
        (":32", None, 32),
        (":32", "8", 8),
        (":32", " 0123456 ", 123456),
        (":32", "0.5", 0.5),
        (":1e-3", "1e-4", 1e-4),
        (":-1.5", None, -1.5),
        (":true", None, True),
        (":False", "TRUE", True),
        (":None", None, None),
        (":None", "x", "x"),
        (":0123456", None, "0123456"),
        (":a", "8", "8"),
        ("", "8", "8"),
        ("", "true", "true"),
        (":", "8", "8"),
    ],
)
def test_the_default_says_the_type(
    monkeypatch: pytest.MonkeyPatch, suffix: str, default: str, given: str | None, expected: Any
) -> None:
    if given is None:
        monkeypatch.delenv("A_NAME", raising=False)
    else:
        monkeypatch.setenv("A_NAME", given)
    cfg = Config.fromstring(text_with(f"{{{{ $A_NAME{default} }}}}", suffix), suffix)
    assert cfg == {"x": expected}
    assert type(cfg.x) is type(expected)
    if suffix != ".py":
        quoted = Config.fromstring(text_with(f'"{{{{ $A_NAME{default} }}}}"', suffix), suffix)
        assert quoted.x == (default[1:] if given is None else given)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("default", "what"), [("8", "a number"), ("true", "true or false")])
def test_a_variable_of_another_type(
    monkeypatch: pytest.MonkeyPatch, suffix: str, default: str, what: str
) -> None:
    monkeypatch.setenv("A_NAME", "1_0 x")
    word = f"{{{{ $A_NAME:{default} }}}}"
    with pytest.raises(ConfigError) as caught:
        Config.fromstring(text_with(word, suffix), suffix)
    assert str(caught.value) == (
        f"<string>:1: the environment variable A_NAME must be {what}, as its default {default} "
        f"is; got '1_0 x' (in quotes, '{word}' is text)"
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_variable_that_is_not_set(
    write: Write, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.delenv("NO_NAME", raising=False)
    write({f"x{suffix}": f"\n\n{text_with('{{ $NO_NAME }}', suffix)}"})
    with pytest.raises(ConfigError) as caught:
        Config.fromfile(f"x{suffix}")
    assert str(caught.value) == (
        f"x{suffix}:3: the environment variable NO_NAME is not set; "
        "set it, or write a default: {{ $NO_NAME:default }}"
    )


ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NASTY = st.sampled_from(
    [
        "x, type: mmalpha.ResNet",
        "/data/set #2",
        "0123456",
        "1e3",
        "null",
        "a: b",
        "- a",
        "*x",
        "&x",
        "{{ $A_NAME }}",
        "__token_0__",
        "'",
        '"',
        "\\",
        "a\nb = 1",
        "\u2028",
        "\ue0000\ue001",
        "]}",
        "{x}",
        " a ",
    ]
)
PLACES = {
    ".py": "a = {w}\nb = '{w}'\nc = ['<{w}>']\nd = {{'{w}': r'{w}'}}\ne = f'{{1}}{w}'\nf = 1\n",
    ".json": '{{"a": {w}, "b": "{w}", "c": ["<{w}>"], "d": {{"{w}": "{w}"}}, "e": "1{w}", "f": 1}}',
    ".yaml": "a: {w}\nb: '{w}'\nc: [\"<{w}>\"]\nd: {{{w}: {w}}}\ne: 1{w}\nf: 1 # {w}\n",
    ".toml": 'a = {w}\nb = "{w}"\nc = ["<{w}>"]\n'
    'd = {{{w} = \'{w}\'}}\ne = """1{w}"""\nf = 1 # {w}\n',
}


def taken_over(value: str) -> dict[str, Any]:
    return {
        "a": value, "b": value, "c": [f"<{value}>"], "d": {value: value}, "e": f"1{value}", "f": 1
    }  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
@given((ANY | NASTY).filter(lambda value: value != "_delete_"))  # which is no key
def test_a_variable_is_one_value_of_any_characters(suffix: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_NAME", value)
        cfg = Config.fromstring(PLACES[suffix].format(w="{{ $A_NAME }}"), suffix)
    assert cfg == taken_over(value)
    assert Config.fromstring(cfg.pretty_text, ".py") == cfg  # it is not substituted again


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(ANY | NASTY)
def test_a_default_is_one_value_of_any_characters(suffix: str, value: str) -> None:
    default = value.replace("}}", "").rstrip("}").strip()
    word = f"{{{{ $NO_NAME:{default} }}}}"
    writes: dict[str, Callable[[str], str]] = {
        ".py": repr, ".json": json.dumps, ".yaml": yaml_string, ".toml": toml_string
    }  # fmt: skip
    if "{{" in default or "\x7f" in default:
        return
    assert Config.fromstring(text_with(writes[suffix](word), suffix), suffix) == {"x": default}


def yaml_string(text: str) -> str:
    escaped = (c if c.isalnum() or c in "{} $:_" else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(escaped)}"'


def toml_string(text: str) -> str:
    escaped = (f"\\u{ord(c):04x}" if ord(c) < 32 or c in '"\\' else c for c in text)
    return f'"{"".join(escaped)}"'


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(ANY | NASTY)
def test_a_value_of_a_base_is_one_value(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, value: str
) -> None:
    folder = tmp_path_factory.mktemp("base")
    Config({"text": value}).dump(folder / "base.json")
    if suffix == ".json":
        head, rest = '{"_base_": "base.json", ', PLACES[suffix].removeprefix("{{")
    else:
        head, rest = "_base_ = 'base.json'\n", PLACES[suffix]
        head = head.replace(" =", ":") if suffix == ".yaml" else head
    text = head + rest.format(w="{{ _base_.text }}")
    (folder / f"x{suffix}").write_text(text, encoding="utf-8")
    assert Config.fromfile(folder / f"x{suffix}") == {"text": value, **taken_over(value)}


NAMES = ["run #2", "a: b", "it's", 'q"q', "0123456", "{x}", "%s", "ä,b", "back\\slash"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", NAMES)
def test_a_path_is_one_value(write: Write, suffix: str, name: str) -> None:
    text = text_with("{{ fileDirname }}", suffix)
    write({f"{name}/{name}{suffix}": text, f"{name}/name{suffix}": text.replace("Dir", "Base")})
    assert Config.fromfile(f"{name}/{name}{suffix}").x == name
    write({f"{name}/{name}{suffix}": text.replace("fileDirname", "fileBasenameNoExtension")})
    assert Config.fromfile(f"{name}/{name}{suffix}").x == name


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("{{ $A_NAME }} = 1", "{{ $A_NAME }}"),
        ("run_{{ $A_NAME }} = 1", "run_{{ $A_NAME }}"),
        ("x = dict({{ $A_NAME }}=1)", "{{ $A_NAME }}"),
        ("x = {{ $A_NAME }}{{ $A_NAME }}", "{{ $A_NAME }}{{ $A_NAME }}"),
        ("import {{ $A_NAME }}", "{{ $A_NAME }}"),
    ],
)
def test_a_word_is_no_name_in_python(
    monkeypatch: pytest.MonkeyPatch, line: str, shown: str
) -> None:
    monkeypatch.setenv("A_NAME", "os")
    with pytest.raises(ConfigError) as caught:
        Config.fromstring(f"\n{line}\n", ".py")
    assert str(caught.value) == (
        f"<string>:2: `{shown}` would be a name; a placeholder is a value, or a part of a text "
        "in quotes"
    )


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".toml"])
def test_a_word_adds_no_structure(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setenv("A_NAME", "x")
    text = {
        ".json": '{"x": 1,\n"{{ $A_NAME }}": 2}',
        ".yaml": "x: 1\n{{ $A_NAME }}: 2\n",
        ".toml": "x = 1\n{{ $A_NAME }} = 2\n",
    }[suffix]
    with pytest.raises(ConfigError, match="<string>:2: the key 'x' is there twice"):
        Config.fromstring(text, suffix)
    monkeypatch.setenv("A_NAME", "custom_imports")
    with pytest.raises(ConfigError, match="custom_imports would import modules"):
        Config.fromstring(text, suffix)


def test_a_base_gives_no_right_to_import(write: Write) -> None:
    write(
        {
            "base.json": '{"key": "custom_imports"}',
            "x.json": '{"_base_": "base.json", "{{ _base_.key }}": {"imports": ["no_module"]}}',
        }
    )
    with pytest.raises(ConfigError, match="custom_imports would import modules"):
        Config.fromfile("x.json")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_few_words_name_no_mountain(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setenv("A_NAME", "x" * 100_000)
    if suffix == ".py":
        return  # it is a program
    words = ", ".join(['"{{ $A_NAME }}"'] * 50)
    with pytest.raises(ConfigError, match="the config is too large"):
        Config.fromstring(text_with(f"[{words}]", suffix), suffix)


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
        ("a = f'{1}{{ _base_.x.y }}!'", "15!"),
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


def test_an_item_of_a_list_of_a_base(write: Write) -> None:
    write(
        {"base.yaml": "sizes: [8, 16]\n", "x.yaml": "_base_: base.yaml\ny: '{{_base_.sizes.1}}'\n"}
    )
    assert Config.fromfile("x.yaml").y == 16


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


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_key_that_is_a_word_has_its_line(
    write: Write, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setenv("A_NAME", "a.b")
    write({f"x{suffix}": PLACES[suffix].format(w="{{ $A_NAME }}")})
    line = 1 if suffix == ".json" else 4
    assert str(Config.fromfile(f"x{suffix}").provenance("d.a.b").site) == f"x{suffix}:{line}"


@pytest.mark.parametrize(
    "text",
    [
        "x = {{ $A_NAME:1 }}",
        "y = 0; x = {{ $A_NAME:1 }}; z = 0",
        "x = max(\n    0,\n    {{\n    $A_NAME:1 }},\n)",
        "def f(value):\n    return lambda g: value\n@f({{ $A_NAME:1 }})\ndef x(): ...\nx = x",
        "def f(a, b={{ $A_NAME:1 }}):\n    return b\nx = f(\n    0)",
        "class A:\n    n = 0\n    if n == 0:\n        n = {{ $A_NAME:1 }}\nx = A.n",
        "try:\n    y = 1 / 0\nexcept ZeroDivisionError:\n    x = {{ $A_NAME:1 }}",
        "match 1:\n    case 1 if {{ $A_NAME:1 }} == 1:\n        x = 1",
        "x = [\n    each\n    for each in [0, {{ $A_NAME:1 }}]\n    if each\n][0]",
        "x = int('''\n\n{{ $A_NAME:1 }}''')",
        "x = int(f'{0}' f'{ {{ $A_NAME:1 }} }')",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_expression_of_python_may_be_one(text: str, newline: str) -> None:
    before = "a = dict(\n    b=1,\n)\n"
    cfg = Config.fromstring((before + text + "\n").replace("\n", newline), ".py")
    assert cfg.x == 1
