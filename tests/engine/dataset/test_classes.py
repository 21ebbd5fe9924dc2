"""Classes that a dataset infers, and those of the training data."""

from __future__ import annotations

import pytest

from engine.dataset import classes_for, using_classes, warn_of_other_classes


def test_without_training_data_classes_are_those_found() -> None:
    assert classes_for(["b", "a", "b"], "data") == ("a", "b")
    with using_classes(lambda: None):
        assert classes_for(["b"], "data") == ("b",)


def test_classes_are_those_of_the_training_data(caplog: pytest.LogCaptureFixture) -> None:
    names = [f"class {number}" for number in range(12, 0, -1)]
    with using_classes(lambda: names):
        assert classes_for(names, "data") == tuple(names)
        assert caplog.messages == []
        assert classes_for(names[:1], "data") == tuple(names)
        with pytest.raises(ValueError, match="do not have: class 0, new; those have class 12"):
            classes_for(["class 1", "new", "class 0"], "data")
    assert caplog.messages == [
        "data has no samples of 11 of the 12 classes of the training data: class 11, class 10, "
        "class 9, class 8, class 7, class 6, class 5, class 4, class 3, class 2, ..."
    ]
    assert classes_for(names[:1], "data") == ("class 12",)  # the block has ended


def test_the_first_number_of_another_class_is_told(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_other_classes(["a", "b"], ["a", "b", "c"], "val")
    warn_of_other_classes(None, ["a"], "val")
    warn_of_other_classes(["a"], None, "val")
    assert caplog.messages == []
    warn_of_other_classes(["a", "c", "b"], ["a", "b", "c"], "val")
    [message] = caplog.messages
    assert message.startswith("Label 1 is 'c' in the val data and 'b' in the training data: give")
