"""Which methods a class has."""

from __future__ import annotations

from typing import Any

import pytest

from engine.utils import has_method, is_method_overridden


class Base:
    """Two methods."""

    size = 3

    def first(self) -> None: ...

    def second(self) -> None: ...


class Derived(Base):
    """Another second method."""

    def second(self) -> None: ...


def test_a_method_is_there() -> None:
    assert has_method(Derived(), "first")
    assert not has_method(Derived(), "third")
    assert not has_method(Derived(), "size")


def test_a_method_is_another_one() -> None:
    for derived in (Derived, Derived()):
        assert is_method_overridden("second", Base, derived)
        assert not is_method_overridden("first", Base, derived)
    wrong: Any = Base()
    with pytest.raises(TypeError, match="base_class is a class; got"):
        is_method_overridden("first", wrong, Derived)
