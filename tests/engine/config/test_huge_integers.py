"""Integers with more digits than Python converts from and to text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, ConfigError, parse_options

LIMITS = [0, 700, 4300]  # what a process may convert; 0 is any number


@pytest.fixture(params=LIMITS)
def most(request: pytest.FixtureRequest) -> Iterator[int]:
    """The most digits that an integer may have, under each limit of the process."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(request.param)
    yield request.param or 4300
    sys.set_int_max_str_digits(before)


VALUES = ["{n}", "-{n}", "[{n}]", "[a,{n}]", "({n},1)", "[[a],({n},b)]", "{{'a': {n}}}", "0x{n}"]


@pytest.mark.parametrize("form", VALUES)
def test_values_of_options(most: int, form: str) -> None:
    option = f"b={form.format(n='9' * (most + 1))}"
    with pytest.raises(ConfigError, match=f"an integer has at most {most} digits; in quotes it is"):
        parse_options([option])
    assert parse_options([f"b='{'9' * 5000}'"]) == {"b": "9" * 5000}
    assert parse_options([f"b={'9' * 600}"]) == {"b": int("9" * 600)}


@pytest.mark.parametrize("key", ["b.{n}", "b.{n}.x", "d.{n}", "d.x.{n}", "{n}"])
def test_keys_of_options(most: int, key: str) -> None:
    dotted = key.format(n="9" * 5000)
    with pytest.raises(ConfigError, match=r"^'.{20,40}': that is too large for a number in a key"):
        parse_options([f"{dotted}=1"])


def test_keys_in_a_program(most: int) -> None:
    cfg = Config({"b": [1, 2], "d": {0: 1}})
    with pytest.raises(ConfigError, match=r"is out of range: .* has 2 items"):
        cfg.merge_from_dict({f"b.{'9' * 5000}": 1})
    with pytest.raises(ConfigError, match=f"an integer of more than {most} digits is no item"):
        cfg.merge({"b": {10**5000: 1}})
    with pytest.raises(ConfigError, match="the config has no "):
        cfg.provenance(f"b.{'9' * 5000}")
    cfg.merge_from_dict({f"d.{'9' * 5000}": 1})
    assert cfg.d == {0: 1, "9" * 5000: 1}


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("form", "suffix"),
    [
        ("x = {n}", ".py"),
        ('{{"x": {n}}}', ".json"),
        ("x: {n}", ".yaml"),
        ("a: {{{n}: 1}}", ".yaml"),
        ("x = {n}", ".toml"),
    ],
)
def test_in_a_text(most: int, form: str, suffix: str, sign: str) -> None:
    text = form.format(n=sign + "9" * (most + 1))
    if suffix == ".py" and sys.get_int_max_str_digits() == 0:
        return  # it is a program, in a process without a limit
    with pytest.raises(ConfigError, match=rf"^<string>:1: an integer has at most {most} digits"):
        Config.fromstring(text, suffix)
    if suffix == ".py":
        with pytest.raises(ConfigError, match=rf"^<string>:1: an integer has at most {most} dig"):
            Config.fromstring(text, suffix, run=False)


@given(st.integers(4200, 9000), st.booleans())
def test_a_config_of_python_holds_any(digits: int, negative: bool) -> None:
    number = -(10**digits) if negative else 10**digits
    cfg = Config({"x": number, "y": [{"z": (number,)}]})
    for run in (True, False):
        assert Config.fromstring(cfg.pretty_text, ".py", run=run) == cfg
    assert str(cfg.provenance("x"))
    assert str(Config.diff(cfg, Config({"x": 1})))


def test_other_formats_hold_what_they_can_read(most: int, tmp_path: Path) -> None:
    largest = Config({"x": 10**most - 1})
    for suffix in (".json", ".yaml"):
        largest.dump(tmp_path / f"x{suffix}")
        assert Config.fromfile(tmp_path / f"x{suffix}") == largest
        with pytest.raises(ConfigError, match=f"^x: an integer has at most {most} digits"):
            Config({"x": 10**most}).dump(tmp_path / f"y{suffix}")


def test_errors_that_quote_one(most: int) -> None:
    cfg = Config({"x": 10**5000})
    with pytest.raises(ConfigError, match=f"an integer of more than {most} digits, which has no"):
        cfg.merge_from_dict({"x.a": 1})
    with pytest.raises(ConfigError, match="a dictionary can't be merged into an integer of"):
        cfg.merge({"x": {"a": 1}})
