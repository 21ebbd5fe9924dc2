"""A Python config that is read as data."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, ConfigError


def read(text: str) -> Config:
    return Config.fromstring(text, ".py", run=False)


def test_plain_values() -> None:
    cfg = read("model = dict(type='A', size=(1, -2.5), kinds=[{1}, range(3)])\nlr = float('nan')")
    assert cfg.model == {"type": "A", "size": (1, -2.5), "kinds": [{1}, range(3)]}
    assert cfg.lr != cfg.lr


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "x = __import__('os').getcwd()",
        "x = open('f')",
        "x = (lambda: 1)()",
        "x = [a for a in range(3)]",
        "x = dict(**{'a': 1})",
        "x = dict([(1, 2)])",
        "x = range(stop=3)",
        "x = y",
        "x = 'a' + 'b'",
        "x = 2 ** 10 ** 10",
        "x = f'{1}'",
        "x = ...",
        "x = -'a'",
        "a.b = 1",
        "x: int = 1",
        "x = y = 1",
        "a, b = [1, 2]",
        "def f(): ...",
        "dict(a=1)",
    ],
)
def test_code_is_refused(code: str) -> None:
    with pytest.raises(ConfigError, match=r":2: `.*` is code; this text is read as data"):
        read(f"a = 1\n{code}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = (", ":1: '\\(' was never closed"),
        ("x = {[]: 1}", ":1: unhashable type: 'list'"),
        ("x = float('one')", ":1: could not convert string to float: 'one'"),
        ("x = " + "[" * 101 + "]" * 101, "nested at most 100 levels deep"),
        ("x = " + "-" * 500 + "1", "nested at most 100 levels deep"),
        ("x = " + "(" * 10_000, "too many nested parentheses"),
        ("x = 1\0", "null bytes"),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read(text)


@given(st.text(max_size=40) | st.text("()[]{}=,.:'abx01 \n", max_size=40))
def test_any_text_is_a_config_or_an_error(text: str) -> None:
    with suppress(ConfigError):
        read(text)


@pytest.mark.parametrize("kind", ["frozenset", "set"])
@pytest.mark.parametrize("items", ["range(400000000)", "range(9)", "'abc'", "dict(a=1)", "f"])
def test_a_set_is_written_out(kind: str, items: str) -> None:
    text = f"x = 1\ny = [{kind}({items})]\n"
    with pytest.raises(ConfigError, match=rf"^<string>:2: `{kind}\(.*` is code; this text is read"):
        Config.fromstring(text, ".py", run=False)
    for value in (frozenset(), frozenset({1, 2}), {1, 2}, set(), range(400_000_000)):
        cfg = Config({"x": value})
        assert Config.fromstring(cfg.pretty_text, ".py", run=False) == cfg
