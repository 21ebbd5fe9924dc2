"""Which arguments a check takes for those of a class, and which values for right."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, Self, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engine import lint

if TYPE_CHECKING:
    from decimal import Decimal


class Base:
    def __init__(self, depth: int, width: int = 1) -> None: ...


class Open:
    def __init__(self, depth: int = 1, **kwargs: Any) -> None:
        self.options = kwargs


class PassesOn(Base):
    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class PassesOnMore(PassesOn):
    def __init__(self, *args: Any, extra: int = 1, **kwargs: Any) -> None:
        super(PassesOnMore, self).__init__("n", *args, **kwargs)  # noqa: UP008  # the form of old code


class GivesItself(Base):
    def __init__(self, **kwargs: Any) -> None:
        Base.__init__(self, width=2, **kwargs)


class TakesOut(Base):
    def __init__(self, **kwargs: Any) -> None:
        self.size = kwargs.pop("size", 3)
        kwargs.setdefault("depth", 1)
        if "hidden" in kwargs:
            self.hidden = kwargs["hidden"]
        super().__init__(**kwargs)


class Inherits(PassesOn):
    pass


class PassesOnToOpen(Open):
    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class CallsWithThem(Base):
    def __init__(self, make: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(1)
        self.made = make(**kwargs)


class Layer(nn.Module):
    def __init__(self, depth: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Made:
    def __new__(cls, depth: int, **kwargs: Any) -> Self:
        return super().__new__(cls)


class Meta(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)


class MadeByMeta(metaclass=Meta):
    def __init__(self, depth: int) -> None: ...


def function(depth: int, *, width: int = 1) -> None: ...


@functools.wraps(function)
def wrapped(*args: Any, **kwargs: Any) -> None: ...


def found(target: Any, **arguments: Any) -> list[str]:
    """Return what a check says of a call, without the place."""
    model = {"type": target, **arguments}
    return [each.message for each in lint.check({"model": model})]


@pytest.mark.parametrize(
    ("target", "good", "bad"),
    [
        (Base, {"depth": 1}, {"depth": 1, "foo": 1}),
        (function, {"depth": 1, "width": 2}, {"depth": 1, "foo": 1}),
        (wrapped, {"depth": 1}, {"depth": 1, "foo": 1}),
        (functools.partial(function, 1), {"width": 1}, {"foo": 1}),
        (PassesOn, {"name": "x", "depth": 1, "width": 2}, {"name": "x", "depth": 1, "foo": 1}),
        (PassesOnMore, {"depth": 1, "extra": 2}, {"depth": 1, "foo": 1}),
        (PassesOnMore, {"depth": 1}, {"depth": 1, "name": "given by position"}),
        (GivesItself, {"depth": 1}, {"depth": 1, "width": 1}),
        (TakesOut, {"size": 1, "width": 1, "hidden": 1}, {"foo": 1}),
        (Inherits, {"name": "x", "depth": 1}, {"name": "x", "depth": 1, "foo": 1}),
        (Layer, {"depth": 1}, {"depth": 1, "foo": 1}),
        (nn.Conv2d, {"in_channels": 1, "out_channels": 1, "kernel_size": (3, 3)}, {"foo": 1}),
    ],
)
def test_arguments_are_those_of_the_signature_and_of_what_it_passes_on_to(
    target: Any, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    [unknown] = [key for key in bad if key not in good]

    assert found(target, **good) == []
    assert [each for each in found(target, **bad) if f"no argument {unknown!r}" in each]


@pytest.mark.parametrize("target", [Open, PassesOnToOpen, CallsWithThem, Made, MadeByMeta, dict])
def test_what_may_go_anywhere_may_be_anything(target: Any) -> None:
    assert not [each for each in found(target, foo=1) if "foo" in each]


@pytest.mark.parametrize(
    ("target", "missing"),
    [
        (Base, "Base needs 'depth'"),
        (PassesOn, "PassesOn needs 'depth', 'name'"),
        (PassesOnMore, "PassesOnMore needs 'depth'"),
        (GivesItself, "GivesItself needs 'depth'"),
        (PassesOnToOpen, "PassesOnToOpen needs 'name'"),
        (CallsWithThem, "CallsWithThem needs 'make'"),
    ],
)
def test_missing_ones_are_found_through_what_is_passed_on(target: Any, missing: str) -> None:
    assert found(target) == [missing]


def test_what_the_class_fills_in_is_not_missing() -> None:
    assert found(TakesOut) == []


# -- Values ----------------------------------------------------------------------------------------


class Values:
    def __init__(
        self,
        integer: int = 1,
        number: float = 1.0,
        text: str = "",
        flag: bool = False,
        maybe: int | None = None,
        old: Optional[Union[int, str]] = None,  # noqa: UP007, UP045  # the forms of old code
        implicit: int = None,  # type: ignore[assignment]  # noqa: RUF013  # as much code has it
        choice: Literal["a", "b", 3] = "a",
        numbers: Sequence[int] = (),
        pair: tuple[int, str] = (1, ""),
        many: tuple[float, ...] = (),
        texts: Sequence[str] = (),
        things: list[Any] | None = None,
        table: Mapping[str, int] | None = None,
        either: int | list[int] | dict[str, list[str]] = 1,
        noted: Annotated[int, "a note"] = 1,
        anything: Any = None,
        path: Path | None = None,
        function: Callable[[], None] | None = None,
        later: Decimal | None = None,
        unknown: Nowhere = None,  # type: ignore[name-defined]  # noqa: F821  # as lazy imports have it
        nested: Sequence[Path] = (),
        items: Iterable[str] = (),
    ) -> None: ...


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "integer": [1, -1, True],
        "number": [1, 1.5, True, float("inf")],
        "text": ["", "x"],
        "flag": [True, False, 0, 1],
        "maybe": [None, 3],
        "old": [None, 3, "x"],
        "implicit": [None, 3],
        "choice": ["a", "b", 3],
        "numbers": [[], (1, 2), [3], range(3)],
        "pair": [(1, "x"), [1, "x"]],
        "many": [[], [1, 2.5], (1.0,)],
        "texts": [["a"], ("a", "b"), "abc"],
        "things": [None, [], [1, "x", {}], (1,)],
        "table": [None, {}, {"a": 1}],
        "either": [1, [1], {"a": ["x"]}],
        "noted": [1],
        "anything": [None, 1, "x", [], {}],
        "path": [None, "x", Path("x")],
        "function": [None, "x", len],
        "later": ["1.5", 1.5],
        "unknown": [1, "x", {}],
        "nested": [["x"], [Path("x")]],
        "items": ["abc", ["a"], (each for each in "abc")],
    }.items(),
)
def test_right_values(name: str, values: list[Any]) -> None:
    for value in values:
        assert found(Values, **{name: value}) == []


@pytest.mark.parametrize(
    ("name", "told", "values"),
    [
        ("integer", "int", [1.5, "1", None, [], {}]),
        ("number", "float", ["1e-3", None, [1.0]]),
        ("text", "str", [1, None, ["x"], {"type": "x"}]),
        ("flag", "bool", ["yes", 2, None, 0.0]),
        ("maybe", "int | None", ["1", []]),
        ("old", "int | str | None", [1.5, []]),
        ("implicit", "int", ["1"]),
        ("choice", "'a' | 'b' | 3", ["c", 4, None, ["a"]]),
        ("numbers", "list[int]", [1, "12", [1, "2"], {}, None]),
        ("pair", "(int, str)", [(1,), (1, 2), ("x", 1), "xy"]),
        ("many", "list[float]", [["x"], 1.0]),
        ("texts", "list[str]", [[1], 1]),
        ("things", "list | None", ["x", 1, {}]),
        ("table", "dict[int] | None", [{"a": "x"}, [], 1]),
        ("either", "int | list[int] | dict[list[str]]", ["x", ["x"], {"a": "x"}]),
        ("noted", "int", ["x"]),
        ("nested", "list[str]", ["x", [3], 3, {}]),
        ("path", "str | None", [3, []]),
    ],
)
def test_wrong_values(name: str, told: str, values: list[Any]) -> None:
    for value in values:
        [message] = found(Values, **{name: value})
        assert message.startswith(f"{name} of Values must be {told}; got ")


def test_without_annotations_every_value_is_right() -> None:
    values: list[Any] = [1, "x", {}, []]
    for value in values:
        assert found(lambda bare=None: bare, bare=value) == []


def test_objects_are_not_judged() -> None:
    for name in ("integer", "text", "numbers", "table", "choice"):
        assert found(Values, **{name: object()}) == []


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_as_a_text_is_told_as_a_number(value: float) -> None:
    [finding] = lint.check({"model": {"type": Values, "number": repr(value)}})

    assert finding.suggestion == f"write {value!r}, a number"


def test_a_long_value_is_shortened() -> None:
    [message] = found(Values, integer="x" * 1000)

    assert len(message) < 100
