"""Names of files by their suffixes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset import (
    IMAGE_SUFFIXES,
    as_suffixes,
    count_suffixes,
    split_suffix,
    warn_of_unused,
)

LETTERS = st.text("abAB_.", min_size=1, max_size=8)


@given(LETTERS, st.sampled_from(IMAGE_SUFFIXES), st.booleans())
def test_a_name_without_its_suffix(stem: str, suffix: str, is_upper: bool) -> None:
    suffix = suffix.upper() if is_upper else suffix
    assert split_suffix(stem + suffix, IMAGE_SUFFIXES) == (stem, suffix)
    assert split_suffix(stem, IMAGE_SUFFIXES) is None
    assert split_suffix(suffix, IMAGE_SUFFIXES) is None  # a hidden file, which has no name else


def test_the_longest_suffix_counts() -> None:
    suffixes = as_suffixes([".png", "_mask.PNG", ".png"], "mask_suffix")
    assert suffixes == ("_mask.png", ".png")
    assert split_suffix("a_mask.png", suffixes) == ("a", "_mask.png")
    assert as_suffixes(".TIF", "img_suffix") == (".tif",)


@pytest.mark.parametrize("wrong", ["", [], [".png", ""], [3]])
def test_a_suffix_is_a_text(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"img_suffix is a suffix such as '\.png', or several"):
        as_suffixes(wrong, "img_suffix")


def test_files_that_are_not_used_are_told(caplog: pytest.LogCaptureFixture) -> None:
    unused = ["a.txt", "b.txt", "c.md", "README", "d.json"]
    assert count_suffixes(unused[:3]) == "2 files .txt, 1 file .md"
    warn_of_unused("data", unused, 9, "give img_suffix")
    warn_of_unused("data", [], 9, "give img_suffix")
    assert caplog.messages == [
        "5 of 9 files in data are not used: 2 files .txt, 1 file .md, 1 file without suffix, ... "
        "(a.txt, b.txt, c.md, ...); give img_suffix"
    ]
