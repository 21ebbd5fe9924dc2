"""Text files of users, and short names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.utils import decode_text, shortest_ends


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff")))
def test_a_text_is_what_the_file_holds(text: str) -> None:
    assert decode_text(text.encode(), "a.txt") == text
    assert decode_text(text.encode("utf-8-sig"), "a.txt") == text
    assert decode_text(text.encode("utf-16"), "a.txt", "utf-16") == text


def test_an_error_tells_the_line() -> None:
    with pytest.raises(ValueError, match=r"^a\.txt:3: this is no text in UTF-8 \(byte 0xfc\)"):
        decode_text("a\nb\ngrün\n".encode("latin-1"), "a.txt")


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=5))
def test_short_names_tell_apart_what_differs(names: list[list[str]]) -> None:
    ends = shortest_ends(names, ".")
    assert len({*ends}) == len({*map(tuple, names)})
    assert all(".".join(name).endswith(end) for name, end in zip(names, ends, strict=True))


def test_short_names_are_no_longer_than_they_must_be() -> None:
    names = [["optimizer", "lr"], ["model", "head", "lr"], ["seed"]]
    assert shortest_ends(names, ".") == ["optimizer.lr", "head.lr", "seed"]
    assert shortest_ends(names[1:], ".") == ["lr", "seed"]
    assert shortest_ends([], ".") == []
