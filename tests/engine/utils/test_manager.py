"""Named instances of the whole process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.utils import ManagerMixin
from engine.utils._manager import ManagerMeta


class _Plan(ManagerMixin):
    def __init__(self, name: str, size: int = 1) -> None:
        super().__init__(name)
        self.size = size


@pytest.fixture(autouse=True)
def _no_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Plan, "_instances", {})


def test_an_instance_is_made_once() -> None:
    plan = _Plan.get_instance("a", size=3)
    assert plan.size == 3
    assert plan.instance_name == "a"
    assert _Plan.get_instance("a", size=9) is plan
    assert _Plan.check_instance_created("a")
    assert not _Plan.check_instance_created("b")


def test_the_newest_is_the_current_one() -> None:
    with pytest.raises(RuntimeError, match=r"there is no _Plan yet; make one with _Plan\.get_inst"):
        _Plan.get_current_instance()
    first = _Plan("a")
    second = _Plan("b")
    assert _Plan.get_current_instance() is second
    assert _Plan.get_instance("a") is first
    assert _Plan.get_current_instance() is second  # asking makes nothing newer
    again = _Plan("a")
    assert _Plan.get_current_instance() is again
    assert _Plan.get_instance("a") is again


def test_another_is_the_current_one_within_a_block_of_this_context() -> None:
    first, second = _Plan("a"), _Plan("b")

    def current() -> _Plan:
        return _Plan.get_current_instance()

    with ThreadPoolExecutor() as pool, first.as_current():
        assert current() is first
        newest = _Plan("c")
        assert current() is first
        assert pool.submit(current).result() is newest
        with second.as_current():
            assert current() is second
        with pytest.raises(ZeroDivisionError), second.as_current():
            _ = 1 / 0
        assert current() is first
    assert current() is newest


def test_each_class_has_instances_of_its_own() -> None:
    class Other(_Plan):
        pass

    _Plan("a")
    assert not Other.check_instance_created("a")
    assert isinstance(Other.get_instance("a"), Other)


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_is_a_string(name: Any) -> None:
    with pytest.raises(ValueError, match="_Plan needs a name, a string; got"):
        _Plan(name)


def test_a_base_class_knows_the_instances_of_its_subclasses() -> None:
    class Larger(_Plan):
        pass

    larger = Larger("a")
    assert _Plan.get_instance("a") is _Plan.get_current_instance() is larger
    plan = _Plan("a")
    assert _Plan.get_instance("a") is plan
    assert Larger.get_instance("a") is larger
    Larger("b")
    Larger.reset()
    assert not _Plan.check_instance_created("b")
    assert _Plan.get_instance("a") is plan


def test_a_metaclass_gives_each_class_instances_of_its_own() -> None:
    class First(ManagerMixin, metaclass=ManagerMeta):
        """A manager as written for MMEngine."""

    class Second(First):
        """Another."""

    first = First.get_instance("name")
    assert First.get_current_instance() is first
    assert Second.get_instance("name") is not first
    assert isinstance(Second, ManagerMeta)
