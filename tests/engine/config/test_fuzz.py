"""No text makes a reader of configs do anything but return values or raise ConfigError.

`scripts/fuzz` asks the same of many more texts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.config import Config, ConfigError

_GRAMMAR = json.loads((Path(__file__).parents[3] / "scripts/fuzz/grammar.json").read_text())
PIECES: dict[str, list[str]] = _GRAMMAR["pieces"]
WHOLE: dict[str, str] = _GRAMMAR["whole"]
NESTS = {
    ".yaml": ["[", "{", "- ", "? ", "[{", "{a: ", "a: [", "[&a ", "-\n ", "!", "*", "'", '"\\"'],
    ".json": ["[", "{", '{"a":', "[[],", '[{"a":', '"', '\\"', "-"],
    ".toml": ["[", "{", "a.", "a = [", "a={a=", "[[", "a = [{a = ", '"""\\', "'''", '"\\"', "a.'"],
}


@st.composite
def _mutated(draw: st.DrawFn, suffix: str) -> str:
    """A valid text in which pieces were cut out, doubled or put in."""
    text = WHOLE[suffix]
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, len(text)))
        last = min(len(text), first + draw(st.integers(0, 30)))
        between = draw(
            st.just("") | st.just(text[first:last] * 2) | st.sampled_from(PIECES[suffix])
        )
        text = text[:first] + between + text[last:]
    return text


@st.composite
def _nested(draw: st.DrawFn, suffix: str) -> str:
    opening = draw(st.sampled_from(NESTS[suffix]))
    count = draw(st.sampled_from([2, 30, 99, 101, 3000]))
    return draw(st.sampled_from(["", "a: ", "a = ", '{"a": '])) + opening * count


@st.composite
def _anchored(draw: st.DrawFn) -> str:
    """YAML lines that name each other, in any order and depth."""
    names = st.sampled_from("abcd")
    lines = []
    for index in range(draw(st.integers(1, 12))):
        inner = draw(
            st.lists(st.one_of(names.map("*{}".format), names.map("&{} x".format)), max_size=3)
        )
        value = draw(
            st.sampled_from(
                [
                    f"[{', '.join(inner)}]",
                    f"{{<<: [{', '.join(inner)}], k: 1}}",
                    *(f"{{<<: {each}}}" for each in inner),
                    *(f"{{? {each} : 1}}" for each in inner),
                    *inner,
                ]
            )
        )
        lines.append(
            f"k{index}: &{draw(names)} {value}\n" if value[0] in "[{" else f"k{index}: {value}\n"
        )
    return "".join(lines)


def _texts(suffix: str) -> st.SearchStrategy[str]:
    pieces = st.lists(st.sampled_from(PIECES[suffix]), max_size=25).map("".join)
    return st.one_of(pieces, _mutated(suffix), _nested(suffix), st.text(max_size=40))


def _check(text: str, suffix: str) -> None:
    """Read a text, and ask for the place of each value if it is a config."""
    try:
        cfg = Config.fromstring(text, suffix)
    except ConfigError as error:
        message = str(error)
    else:
        _check_places(cfg, len(text.splitlines()) + 1)
        return
    assert 0 < len(message) < 500


def _check_places(cfg: Config, lines: int) -> None:
    for path in _paths(cfg.to_dict(), ""):
        site = cfg.provenance(path).site
        assert site is not None
        assert site.line is not None
        assert 1 <= site.line <= lines


def _paths(value: Any, before: str) -> list[str]:
    """Return the paths of all that is in a value; a key with a point in it can't be in one."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = []
    for key, each in items:
        if key == "" or "." in str(key) or (isinstance(value, dict) and str(key).isdecimal()):
            continue
        found.append(f"{before}{key}")
        if isinstance(each, (dict, list)):
            found += _paths(each, f"{before}{key}.")
    return found


@settings(max_examples=400)
@given(_texts(".yaml") | _anchored())
@example("a: &a [*a]")
@example("- &a\n  <<: *a")
@example("? &a [*a]\n: *a")
@example("{<<: &a {<<: *a}}")
def test_yaml(text: str) -> None:
    _check(text, ".yaml")


@settings(max_examples=150)
@given(text=_texts(".yaml") | _anchored())
@example(text='a: "\\UFFFFFFFF"')
def test_yaml_without_libyaml(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        _check(text, ".yaml")


@settings(max_examples=400)
@given(_texts(".json"))
def test_json(text: str) -> None:
    _check(text, ".json")


@settings(max_examples=400)
@given(_texts(".toml"))
def test_toml(text: str) -> None:
    _check(text, ".toml")


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=10))
def test_json_is_what_python_takes_for_it(value: Any) -> None:
    """A text config accepts no less than the parser that it stands on, but for its limits."""
    text = json.dumps({"a": value})
    if "{{" not in text and "\\ud" not in text and "\\ue00" not in text:
        assert Config.fromstring(text, ".json").to_dict() == json.loads(text)
