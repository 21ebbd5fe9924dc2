"""Metrics that are sums give in several processes the values of one, exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize("world_size", [2, 3])
def test_several_processes_give_the_values_of_one(
    together: Callable[..., None], world_size: int
) -> None:
    together(Path(__file__).with_name("sharded_sums.py"), world_size)
