"""The values that annotations allow."""

from __future__ import annotations

import typing
from collections import abc
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, Literal, Optional

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.utils._annotations import (
    find_checks,
    format_allowed,
    is_allowed,
    parse_annotation,
    resolve_annotation,
)

NO: list[Any] = []


@pytest.mark.parametrize(
    ("annotation", "text", "right", "wrong"),
    [
        (int, "int", [3, True, 3.0], [3.5, "3", None, [3]]),
        (float, "float", [3, 3.5], ["3", None]),
        (bool, "bool", [True, 0, 1], [2, 1.0, "yes", None]),
        (str | Path, "str", ["a", Path("a")], [3, None]),
        (None, "None", [None], [0, ""]),
        (None | int, "int | None", [3, None], ["a", []]),
        (Optional[str], "str | None", ["a", None], [3]),  # noqa: UP045
        (Annotated[int, "a size"], "int", [3], ["a"]),
        (Literal["a", 1], "'a' | 1", ["a", 1], ["b", "1", 2, 1.0, None]),
        (list, "list", [[], [3, "a"], ()], ["ab", 3, {}]),
        (list[int], "list[int]", [[], [3], (3,)], [["a"], "ab", 3]),
        (set[int], "list[int]", [[3], {3}], [["a"], "ab"]),
        (abc.Sequence[str], "list[str]", [["a"], "ab"], [[3], 3]),
        (abc.Sequence[int], "list[int]", [[3]], ["ab"]),
        (abc.Iterable, "list", [[3], "ab"], [3]),
        (tuple[int, ...], "list[int]", [(), (1, 2, 3)], [("a",), "ab"]),
        (tuple[int, str], "(int, str)", [(3, "a"), [3, "a"]], [(3,), ("a", 3), (3, "a", 3), 3]),
        (typing.Tuple[int], "(int)", [(3,)], [(), (3, 3)]),  # noqa: UP006
        (dict, "dict", [{}, {"a": 3}], [[], 3]),
        (dict[str, int], "dict[int]", [{}, {"a": 3}], [{"a": "b"}, []]),
        (dict[str, list[float]], "dict[list[float]]", [{"a": [1.5]}], [{"a": 1.5}]),
        (list[Any], "list", [[3, "a", None]], [3]),
        (float | torch.Tensor, "float", [3.5, torch.ones(2)], ["a", None]),
        (Any, "anything", [3, "a", None], NO),
        (torch.Tensor | None, "anything", [3, "a", None], NO),
        (int | torch.nn.Module, "anything", [3, "a", None], NO),
        (np.ndarray, "anything", [3, np.ones(2)], NO),
        ([int], "anything", [3, "a"], NO),  # no annotation that a type checker knows
    ],
)
def test_plain_values(annotation: Any, text: str, right: list[Any], wrong: list[Any]) -> None:
    allowed = parse_annotation(annotation)
    assert format_allowed(allowed) == text
    assert all(is_allowed(value, allowed) for value in [*right, object()])
    assert not any(is_allowed(value, allowed) for value in wrong)


LEAVES = st.sampled_from([int, float, str, bool, None, Literal["a"], Any])
ANNOTATIONS = st.recursive(
    LEAVES,
    lambda within: (
        within.map(lambda item: GenericAlias(list, item))
        | st.tuples(within, within).map(lambda items: GenericAlias(tuple, items))
        | within.map(lambda value: GenericAlias(dict, (str, value)))
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2),
    lambda within: st.lists(within, max_size=2) | st.dictionaries(st.text(), within, max_size=2),
    max_leaves=6,
)


@given(ANNOTATIONS, ANNOTATIONS, VALUES)
def test_a_union_allows_what_one_of_its_members_does(one: Any, other: Any, value: Any) -> None:
    both = parse_annotation(typing.Union[one, other])  # noqa: UP007
    either = [is_allowed(value, parse_annotation(each)) for each in (one, other)]
    assert is_allowed(value, both) == any(either)


@given(ANNOTATIONS)
def test_the_text_of_an_annotation_stands_for_it(annotation: Any) -> None:
    text = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
    assert resolve_annotation(text, {"typing": typing}) in (annotation, type(annotation))


def test_a_text_that_stands_for_nothing_allows_anything() -> None:
    assert resolve_annotation("Nowhere | None", {}) is Any
    assert resolve_annotation("int +", {}) is Any
    assert resolve_annotation("Size", {"Size": int}) is int
    assert resolve_annotation(int, {}) is int


def test_an_interface_beside_plain_values() -> None:
    def takes(
        call: abc.Callable[..., Any] | None, names: abc.Iterable[str] | int, *rest: int
    ) -> None: ...

    checks = find_checks(takes)
    assert {*checks} == {"call", "names"}
    assert checks["call"].passes(print)
    assert checks["call"].passes(None)
    assert not checks["call"].passes("print")
    assert checks["names"].passes(range(3))
    assert checks["names"].passes(3)
    assert not checks["names"].passes(3.5)
    assert str(checks["names"].error("names", 3.5)) == "names must be Iterable | int; got 3.5"
