"""Close matches for misspelt names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.utils import close_matches, did_you_mean

NAMES = st.lists(st.text(min_size=1, max_size=8), max_size=8, unique=True)


def test_the_closest_come_first() -> None:
    names = ["ResNet", "ResNeXt", "LeNet", "Swin"]
    assert close_matches("ResNett", names)[0] == "ResNet"
    assert close_matches("lenet", names, n=1) == ["LeNet"]
    assert close_matches("Transformer", names) == []


def test_names_that_differ_in_case_are_all_found() -> None:
    assert sorted(close_matches("RESNET", ["ResNet", "resnet", "other"])) == ["ResNet", "resnet"]


def test_did_you_mean() -> None:
    assert did_you_mean("SDG", ["SGD", "Adam"]) == "; did you mean 'SGD'?"
    assert did_you_mean("Lion", ["SGD", "Adam"]) == ""


@given(NAMES, st.integers(1, 4))
def test_a_name_is_near_to_itself(names: list[str], n: int) -> None:
    for name in names:
        found = close_matches(name, names, n)
        assert len(found) <= n
        assert set(found) <= set(names)
        assert found[0].casefold() == name.casefold()
