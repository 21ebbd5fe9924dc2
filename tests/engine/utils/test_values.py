"""Whether two values say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.utils import same_value

NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NAN, float("nan")),
        ([1, (2, NAN)], (1, [2, NAN])),
        (np.array([1.0, NAN]), np.array([1.0, NAN])),
        (np.array([1, 2]), torch.tensor([1, 2])),
        ({"a": [np.eye(2)], "b": None}, {"b": None, "a": (np.eye(2),)}),
        (np.float64(0.5), 0.5),
        (torch.tensor(3), 3),
        (np.array(["a"], dtype=object), np.array(["a"])),
    ],
)
def test_they_do(one: Any, other: Any) -> None:
    assert same_value(one, other)
    assert same_value(other, one)


class _NoAnswer:
    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NAN, 0.0),
        ([1, 2], [1, 2, 3]),
        (np.zeros((1, 2)), np.zeros((2, 1))),
        (torch.zeros(2), torch.ones(2)),
        ({"a": 1}, {"a": 1, "b": None}),
        ([np.zeros(2)], [np.ones(2)]),
        ("ab", ["a", "b"]),
        (_NoAnswer(), _NoAnswer()),
    ],
)
def test_they_do_not(one: Any, other: Any) -> None:
    assert not same_value(one, other)
    assert not same_value(other, one)
