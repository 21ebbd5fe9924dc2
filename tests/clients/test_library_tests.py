"""The tests of a small checkout, under this Python in the place of both environments."""

from __future__ import annotations

import sys
from pathlib import Path

import library_tests
import pytest


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_tiny.py").write_text(
        "import pytest\n\n"
        "def test_right():\n    pass\n\n"
        "def test_wrong():\n    assert 1 == 2, 'not equal'\n\n"
        "@pytest.mark.skip(reason='later')\ndef test_skipped():\n    pass\n"
    )
    (tmp_path / "tests" / "test_broken.py").write_text("import nowhere_at_all\n")
    return tmp_path


def test_outcomes_of_a_checkout(checkout: Path) -> None:
    outcomes = library_tests.run_tests(Path(sys.executable), checkout, ["tests"])
    assert outcomes["tests.test_tiny.test_right"] == ""
    assert outcomes["tests.test_tiny.test_wrong"].startswith("failure: AssertionError: not equal")
    assert outcomes["tests.test_tiny.test_skipped"] == "skipped: later"
    assert outcomes[".tests.test_broken"].startswith("error: collection failure")


def test_words_choose_among_them(checkout: Path) -> None:
    words = ["tests/test_tiny.py", "-k", "right"]
    assert library_tests.run_tests(Path(sys.executable), checkout, words) == {
        "tests.test_tiny.test_right": ""
    }


def test_a_run_without_a_report_ends_with_what_pytest_said(checkout: Path) -> None:
    with pytest.raises(SystemExit, match="pytest ended with status 4"):
        library_tests.run_tests(Path(sys.executable), checkout, ["--no-such-option"])


def test_what_passes_on_mmengine_alone_is_listed() -> None:
    theirs = {"a": "", "b": "", "c": "failure: x", "d": ""}
    ours = {"a": "", "b": "failure: y", "c": "failure: z"}
    assert library_tests.list_failures({"mmengine": theirs, "engine": ours}) == {
        "b": "failure: y",
        "d": "error: it was not collected",
    }
    assert library_tests.list_failures({"engine": {**ours, "e": "skipped: later"}}) == {
        "b": "failure: y",
        "c": "failure: z",
    }
