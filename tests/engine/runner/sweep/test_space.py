"""The values that a sweep tries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ConfigError, parse_options
from engine.runner.sweep import Range, Sweep, parse_space, representatives


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1,0.01", (0.1, 0.01)),
        ("SGD,AdamW", ("SGD", "AdamW")),
        ("1,1.0,True,none,1", (1, 1.0, True, None)),
        ("[1,2],[3,4]", ([1, 2], [3, 4])),
        ("(1,2)", ((1, 2),)),
        ("18", (18,)),
        ("'a,b',c", ("a,b", "c")),
        ("../data,x..y", ("../data", "x..y")),
        ("1..8", Range(1, 8)),
        ("1..8:log", Range(1, 8, is_log=True)),
        ("1e-4..1e-1:log", Range(1e-4, 0.1, is_log=True)),
        ("-1..0.5", Range(-1, 0.5)),
    ],
)
def test_values(text: str, values: Any) -> None:
    found = parse_space([f"a.b={text}"])
    assert repr(found) == repr({"a.b": values})  # 1, 1.0 and True are equal


def test_whole_numbers() -> None:
    assert Range(1, 8).is_whole
    assert not Range(1, 8.0).is_whole


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["a"], "an option is key=value"),
        (["a=1", "a=2"], "--set a=2: a is given twice"),
        (["a=2..1"], "a range is from the less to the greater number; got 2..1"),
        (["a=1..1"], "a range is from the less to the greater number"),
        (["a=0..1:log"], "a range with :log begins above 0; got 0..1:log"),
        (["a=[]"], "there is no value to try"),
    ],
)
def test_a_users_mistake(options: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_space(options)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text("a1,' "),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=4,
)


@given(_PLAIN)
def test_a_run_is_told_exactly_the_value(value: Any) -> None:
    try:
        sweep = Sweep("x.py", {"key": (value,)}, "folder")
    except ValueError:  # a command line can't say it
        assert "inf" in repr(value)
        return
    words = sweep.words(sweep.grid()[0])
    assert repr(parse_options([words[-1]])["key"]) == repr(value)


@given(
    st.lists(st.text(max_size=200), min_size=2, max_size=4, unique=True),
    st.integers(1, 3) | st.none(),
)
def test_each_run_has_a_folder_of_its_own(values: list[str], seeds: int | None) -> None:
    runs = Sweep("x.py", {"a.b": tuple(values)}, "folder", seeds).grid()
    assert len({run.name for run in runs}) == len(values) * (seeds or 1)
    assert all(len(run.name) <= 120 and "/" not in run.name for run in runs)


def test_names_tell_what_runs_are() -> None:
    space = parse_space(["optim_wrapper.optimizer.lr=0.1,1e-05", "model.head.depths=[1,2],[3,4]"])
    names = [run.name for run in Sweep("x.py", space, "folder", seeds=1).grid()]
    assert re.fullmatch(r"lr=0\.1,depths=_1,2_-\w{6},seed=0", names[0])
    assert len({*names}) == 4
    plain = Sweep("x.py", {"a.lr": (0.1,), "b.lr": (0.2,)}, "folder").grid()
    assert plain[0].name == "a.lr=0.1,b.lr=0.2"


def test_the_words_of_a_run() -> None:
    sweep = Sweep("x.py", {"lr": (0.1,)}, "folder", 1, ("--cfg-options", "lr=3"))
    assert " ".join(sweep.words(sweep.grid()[0])) == (
        "train x.py --work-dir folder/lr=0.1,seed=0 --resume --seed 0 "
        "--cfg-options lr=3 --cfg-options lr=0.1"
    )


def test_settings_drawn_at_random_differ() -> None:
    sweep = Sweep("x.py", parse_space(["a=1,2,3", "b=x,y"]), "folder", seeds=2)
    runs = sweep.draw(6)
    assert {run.name for run in runs} == {run.name for run in sweep.grid()}
    ranged = Sweep("x.py", parse_space(["a=1e-4..0.1:log", "b=1..3"]), "folder")
    drawn = ranged.draw(5)
    assert drawn == ranged.draw(5)  # so that the same command goes on
    assert drawn[:3] == ranged.draw(3)
    assert all(1e-4 <= run.setting["a"] <= 0.1 for run in drawn)
    assert {type(run.setting["b"]) for run in drawn} == {int}


def test_representatives_have_each_value() -> None:
    found = representatives(parse_space(["a=1,2,3", "b=1..9"]))
    assert found == [{"a": 1, "b": 1}, {"a": 2, "b": 9}, {"a": 3, "b": 1}]


def test_what_can_not_be_planned() -> None:
    with pytest.raises(ValueError, match="needs values to try"):
        Sweep("x.py", {}, "folder")
    with pytest.raises(ValueError, match="at least 1 seed; got 0"):
        Sweep("x.py", {"a": (1,)}, "folder", seeds=0)
    with pytest.raises(ValueError, match=r"a=1..2 is a range, of which no grid can be made"):
        Sweep("x.py", {"a": Range(1, 2)}, "folder").grid()
    with pytest.raises(ValueError, match="3 settings can't be drawn: there are 2 combinations"):
        Sweep("x.py", {"a": (1, 2)}, "folder").draw(3)
