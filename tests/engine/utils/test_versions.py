"""Versions, as numbers and as commits."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from engine.utils import digit_version, get_git_hash

NUMBER = st.integers(0, 30)
STAGE = st.builds("{}{}".format, st.sampled_from(["a", "b", "rc", ".post", ".dev"]), NUMBER)
VERSION = st.builds(
    "{}{}{}".format,
    st.lists(NUMBER, min_size=1, max_size=4).map(lambda numbers: ".".join(map(str, numbers))),
    st.just("") | STAGE,
    st.sampled_from(["", "+cu130", "+local.1"]),
)


@given(VERSION, VERSION)
def test_numbers_compare_as_versions_do(first: str, second: str) -> None:
    a, b = Version(first.partition("+")[0]), Version(second.partition("+")[0])
    assert (digit_version(first) < digit_version(second)) == (a < b)
    assert (digit_version(first) == digit_version(second)) == (a == b)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("1.3.1", (1, 3, 1, 0, 0, 0)),
        ("2", (2, 0, 0, 0, 0, 0)),
        ("2.0.0rc4", (2, 0, 0, 0, -1, 4)),
        ("2.0.0-beta.2", (2, 0, 0, 0, -2, 2)),
        ("2.0.0a0+git1a2b3c", (2, 0, 0, 0, -3, 0)),
        ("2.4.0.dev20240601+cu121", (2, 4, 0, 0, -4, 20240601)),
        ("1.0.post1", (1, 0, 0, 0, 1, 1)),
        ("1.0-1", (1, 0, 0, 0, 1, 1)),
        ("v1.2", (1, 2, 0, 0, 0, 0)),
        ("1.2.3.4.5", (1, 2, 3, 4, 0, 0)),
    ],
)
def test_versions(version: str, numbers: tuple[int, ...]) -> None:
    assert digit_version(version) == numbers


def test_the_length_of_the_release() -> None:
    assert digit_version("1.2.3", length=2) == (1, 2, 0, 0)
    assert digit_version("1", length=5) == (1, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("text", ["", "latest", "1.", "1.0-", "1.x", "1.0rc1 or so"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version, such as"):
        digit_version(text)


def test_the_commit_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    repository = tmp_path / "repository"
    repository.mkdir()
    assert get_git_hash(cwd=repository) == "unknown"
    assert get_git_hash(fallback="none", cwd=repository) == "none"
    for words in (["init"], ["commit", "--allow-empty", "--message", "x"]):
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *words]
        subprocess.run(command, cwd=repository, check=True, capture_output=True)
    commit = get_git_hash(cwd=repository)
    assert len(commit) == 40
    assert get_git_hash(digits=7, cwd=repository) == commit[:7]
    monkeypatch.chdir(repository)
    assert get_git_hash() == commit
    monkeypatch.setenv("PATH", str(tmp_path))
    assert get_git_hash() == "unknown"  # there is no git
    wrong: Any = "7"
    with pytest.raises(TypeError, match="digits is a number or None; got '7'"):
        get_git_hash(digits=wrong)
