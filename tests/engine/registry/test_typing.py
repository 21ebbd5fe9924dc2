"""What a type checker knows of registries.

The file is checked with the rest: `assert_type` says what it must infer, and a `type: ignore` that
is not needed any more is an error, so each of them is a mistake that it must find.
"""

from __future__ import annotations

from typing import Any, assert_type

from torch import nn

from engine.registry import MODELS, Registry


class Net(nn.Module):
    """A module with a signature."""

    def __init__(self, width: int = 1) -> None:
        super().__init__()
        self.width = width


def _numbers() -> Registry[int]:
    numbers: Registry[int] = Registry("number", scope="typed")

    @numbers.register_module()
    def three() -> int:
        return 3

    @numbers.register
    def add(a: int, b: int = 0) -> int:
        return a + b

    assert_type(three(), int)
    assert_type(add(1, b=2), int)
    return numbers


def test_a_build_has_the_type_of_the_registry() -> None:
    numbers = _numbers()
    number = numbers.build({"type": "add", "a": 1})
    assert_type(number, int)
    assert number == numbers.build("add", 1) == 1
    text: str = numbers.build({"type": "three"})  # type: ignore[assignment]
    assert text == 3  # type: ignore[comparison-overlap]


def test_the_root_of_models_builds_modules() -> None:
    module = MODELS.build({"type": "RReLU"})
    assert_type(module, nn.Module)
    assert_type(MODELS.build({"type": nn.RReLU}, expect=nn.RReLU), nn.RReLU)
    wrong: nn.Linear = MODELS.build({"type": "RReLU"})  # type: ignore[assignment]
    assert type(wrong) is type(module)


def test_what_is_registered_keeps_its_type() -> None:
    registry: Registry[nn.Module] = Registry("net", scope="typed")
    decorated = registry.register_module()(Net)
    assert_type(decorated(2).width, int)
    assert registry.register_module("other", module=Net)(width=3).width == 3
    assert registry.register(Net2)("x").name == "x"
    Net2(3)  # type: ignore[arg-type]


class Net2(nn.Module):
    """A module with another signature."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def test_get_returns_what_builds_or_the_default() -> None:
    numbers = _numbers()
    assert_type(numbers.get("three")(), int)
    found = numbers.get("four", None)
    assert found is None
    untyped = Registry("any", scope="typed")
    assert_type(untyped, Registry[Any])
