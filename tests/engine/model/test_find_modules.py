"""Modules by patterns over their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engine.model import find_modules


class Net(nn.Module):
    """A net with layers in two stages."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential()
        for name in ("stem", "layer1", "layer2"):
            self.backbone.add_module(name, nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
        self.head = nn.Linear(2, 2)


NET = Net()
NAMES = [name for name, _ in NET.named_modules() if name]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ("head", ["head"]),
        ("backbone.layer*", ["backbone.layer1", "backbone.layer2"]),
        (["head", "backbone.layer*.0"], ["backbone.layer1.0", "backbone.layer2.0", "head"]),
        ("backbone.layer[!1]", ["backbone.layer2"]),
    ],
)
def test_a_star_stands_for_a_part_of_a_name(patterns: str | list[str], names: list[str]) -> None:
    found = find_modules(NET, patterns)
    assert list(found) == names
    assert all(found[name] is NET.get_submodule(name) for name in names)


@given(st.sets(st.sampled_from(NAMES), min_size=1))
def test_names_find_themselves_in_the_order_of_the_model(names: set[str]) -> None:
    assert list(find_modules(NET, sorted(names))) == [each for each in NAMES if each in names]


@pytest.mark.parametrize("pattern", ["", "*.layer3", "backbone*0", "heads"])
def test_a_pattern_that_fits_nothing_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="Net has no module"):
        find_modules(NET, ["head", pattern])
