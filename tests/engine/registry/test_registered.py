"""Names that several libraries register in one registry."""

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict
from typing import Any

import pytest

from engine.registry import MODELS, DuplicateNameError, Registry, build_model_from_cfg


def register(registry: Registry[Any], module: object, package: str) -> None:
    """Register something as `Layer`, in the code of a package."""
    names = {"__name__": f"{package}.layers", "registry": registry, "module": module}
    exec("registry.register_module('Layer', module=module)", names)  # noqa: S102  # of our own


def own(package: str) -> type:
    return type("Layer", (), {"__module__": f"{package}.layers"})


OWN = own("one")
CASES: list[tuple[list[tuple[str, object]], int]] = [
    ([("one", Counter), ("two", Counter)], 1),
    ([("one", Counter), ("two", OrderedDict)], 1),
    ([("one", OWN), ("two", Counter)], 0),
    ([("two", Counter), ("one", OWN)], 1),
    ([("two", Counter), ("one", OWN), ("three", OrderedDict)], 1),
]


@pytest.mark.parametrize(("registrations", "winner"), CASES)
def test_what_a_third_package_defines_yields(
    registrations: list[tuple[str, object]], winner: int
) -> None:
    registry: Registry[Any] = Registry("layer", scope="top")
    for package, module in registrations:
        register(registry, module, package)
    assert registry.get("Layer") is registrations[winner][1]
    found = registry.explain("Layer").found
    assert found is not None
    assert len(found.displaced) == len(registrations) - 1
    assert all(f"in place of: {each}" in str(registry.explain("Layer")) for each in found.displaced)
    assert registry.explain("Layer").to_dict()["found"]["displaced"] == found.displaced


@pytest.mark.parametrize(
    "registrations",
    [
        [("one", OWN), ("two", own("two"))],
        [("one", OWN), ("one", Counter)],
        [("one", Counter), ("one", OrderedDict)],
        [("one", Counter), ("one", Counter)],
    ],
)
def test_what_two_parts_define_is_a_clash(registrations: list[tuple[str, object]]) -> None:
    for one, other in itertools.permutations(registrations):
        registry: Registry[Any] = Registry("layer", scope="top")
        register(registry, one[1], one[0])
        with pytest.raises(DuplicateNameError, match="'Layer' is registered in top::layer already"):
            register(registry, other[1], other[0])
        assert registry.get("Layer") is one[1]
        assert registry.explain("Layer").found.displaced == ()  # type: ignore[union-attr]  # it is found


def test_a_library_registers_again_what_the_root_has() -> None:
    root: Registry[Any] = Registry("layer", scope="top")
    below = root.child("below")
    register(root, OWN, "one")
    other = own("below")
    register(below, other, "below")
    assert (root.get("Layer"), below.get("Layer")) == (OWN, other)


@pytest.mark.parametrize("of_engine", [True, False])
def test_a_list_makes_a_sequence(of_engine: bool) -> None:
    parent = MODELS if of_engine else None
    registry: Registry[Any] = Registry("model", build_model_from_cfg, parent, scope="layers")
    register(registry, MODELS.get("RReLU"), "layers")
    made = registry.build([{"type": "Layer", "lower": 0.1}, {"type": "Layer"}])
    assert type(made) is MODELS.get("Sequential")
    assert [each.lower for each in made] == [0.1, 1 / 8]
    assert type(registry.build([])) is MODELS.get("Sequential")
