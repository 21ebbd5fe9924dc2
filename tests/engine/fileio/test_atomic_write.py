"""A local file is replaced whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.fileio import atomic_write, remove_abandoned

KILLED_HALFWAY = """
import os, signal, sys
from engine.fileio import atomic_write

with atomic_write(sys.argv[1]) as file:
    file.write(b"new, but only ha")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_writes_bytes_and_text_into_new_folders(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a" / "b.bin") as binary:
        binary.write(b"\x00\x01")
    with atomic_write(tmp_path / "a" / "c.txt", "w") as text:
        text.write("é\n")
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\x00\x01"
    assert (tmp_path / "a" / "c.txt").read_text("utf-8") == "é\n"
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.bin", "c.txt"]


def test_the_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("old")
    with atomic_write(path, "w") as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_file_alone(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "state"
    path.write_text("old")

    def fail_halfway() -> None:
        with atomic_write(path, "w") as file:
            file.write("new")
            raise error

    with pytest.raises(error):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_in_the_middle_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    ended = subprocess.run([sys.executable, "-c", KILLED_HALFWAY, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL, and there are no locks")
def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    of_others = {".mine.tmp", ".state.0123abcd.tmp", "state.0123abcd.engine.tmp", "x.engine.tmp"}
    for name in of_others:
        (tmp_path / name).touch()
    (tmp_path / ".folder.0123abcd.engine.tmp").mkdir()
    subprocess.run([sys.executable, "-c", KILLED_HALFWAY, str(tmp_path / "state")], check=False)
    [abandoned] = {path.name for path in tmp_path.glob(".state.*.engine.tmp")}
    with atomic_write(tmp_path / "live", "w") as file:
        assert remove_abandoned(tmp_path) == [abandoned]
        assert remove_abandoned(tmp_path) == []
        file.write("whole")
    assert (tmp_path / "live").read_text() == "whole"
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*of_others, ".folder.0123abcd.engine.tmp", "live"}
    assert remove_abandoned(tmp_path / "missing") == []


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with atomic_write(link, "w") as file:
        file.write("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_another_mode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'wb' or 'w'; got 'ab'"):
        atomic_write(tmp_path / "x", "ab")  # type: ignore[call-overload]  # the error under test
    assert list(tmp_path.iterdir()) == []
