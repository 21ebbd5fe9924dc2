"""The verbs between several processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize("world_size", [2, 3])
def test_every_verb(together: Callable[..., None], world_size: int) -> None:
    together(Path(__file__).with_name("every_verb.py"), world_size)
