"""Files and folders by name, on every kind of storage."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from engine import fileio


def test_what_was_put_is_got(folder: str) -> None:
    name = fileio.join_path(folder, "a", "b.bin")
    assert not fileio.exists(name)
    fileio.put(b"\x00\xff", name)
    assert fileio.get(name) == b"\x00\xff"
    assert fileio.exists(name)
    assert fileio.isfile(name)
    assert not fileio.isdir(name)
    assert fileio.exists(fileio.join_path(folder, "a"))
    assert fileio.isdir(fileio.join_path(folder, "a"))
    assert not fileio.isfile(fileio.join_path(folder, "a"))
    fileio.put(b"other", name)
    assert fileio.get(name) == b"other"


def test_text_has_an_encoding(folder: str) -> None:
    name = fileio.join_path(folder, "b.txt")
    fileio.put_text("é", name)
    assert fileio.get(name) == "é".encode()
    assert fileio.get_text(name) == "é"
    assert fileio.get_text(name, encoding="latin-1") == "Ã©"


def test_a_missing_file_is_an_error_that_names_it(folder: str) -> None:
    name = fileio.join_path(folder, "nothing.bin")
    for verb in (fileio.get, fileio.get_text, fileio.remove):
        with pytest.raises(FileNotFoundError, match=r"nothing\.bin"):
            verb(name)
    with pytest.raises(FileNotFoundError, match=r"nothing\.bin"):
        fileio.rmtree(name)


def test_a_failed_put_leaves_the_old_file(folder: str) -> None:
    name = fileio.join_path(folder, "a")
    fileio.put(b"old", name)
    with pytest.raises(TypeError):
        fileio.put("text", name)  # type: ignore[arg-type]  # the mistake under test
    assert fileio.get(name) == b"old"
    assert [*fileio.list_dir_or_file(folder)] == ["a"]


def test_what_was_removed_is_gone(folder: str) -> None:
    names = ["a.bin", "b[1]/c.bin", "b[1]/d/e.bin", "b1/f.bin"]
    for name in names:
        fileio.put(b"", fileio.join_path(folder, name))
    fileio.remove(fileio.join_path(folder, "a.bin"))
    assert [*fileio.list_dir_or_file(folder)] == ["b1", "b[1]"]
    with pytest.raises(IsADirectoryError, match=r"b\[1\] is a folder; rmtree removes those"):
        fileio.remove(fileio.join_path(folder, "b[1]"))
    fileio.rmtree(fileio.join_path(folder, "b[1]"))
    assert [*fileio.list_dir_or_file(folder, recursive=True)] == ["b1", "b1/f.bin"]


def test_names_in_a_folder(folder: str) -> None:
    names = ["z.txt", "a/c.txt", "a/b/d.png", "a.txt", ".hidden", ".git/config", "a/.part"]
    for name in names:
        fileio.put(b"", fileio.join_path(folder, *name.split("/")))
    assert [*fileio.list_dir_or_file(folder)] == ["a", "a.txt", "z.txt"]
    assert [*fileio.list_dir_or_file(folder, recursive=True)] == [
        "a",
        "a/b",
        "a/b/d.png",
        "a/c.txt",
        "a.txt",
        "z.txt",
    ]
    assert [*fileio.list_dir_or_file(folder, list_file=False, recursive=True)] == ["a", "a/b"]
    assert [*fileio.list_dir_or_file(folder, list_dir=False)] == ["a.txt", "z.txt"]
    images = fileio.list_dir_or_file(folder, list_dir=False, suffix=".png", recursive=True)
    assert [*images] == ["a/b/d.png"]
    both = fileio.list_dir_or_file(folder, list_dir=False, suffix=(".png", "z.txt"), recursive=True)
    assert [*both] == ["a/b/d.png", "z.txt"]


def test_empty_folders_of_s3_are_marked(bucket: str) -> None:
    system = fsspec.filesystem("s3")
    for name in ("a/", "a/empty/", "a/full/", "a/full/x.txt"):
        system.pipe_file(f"{bucket}/{name}", b"")
    found = ["empty", "full", "full/x.txt"]
    assert [*fileio.list_dir_or_file(f"{bucket}/a", recursive=True)] == found
    files = fileio.list_dir_or_file(f"{bucket}/a", list_dir=False, recursive=True)
    assert [*files] == ["full/x.txt"]
    assert fileio.isdir(f"{bucket}/a/empty")
    assert [*fileio.list_dir_or_file(f"{bucket}/a/empty")] == []


def test_others_may_have_written(bucket: str) -> None:
    assert [*fileio.list_dir_or_file(bucket)] == []
    other = fsspec.filesystem("s3", skip_instance_cache=True)
    other.pipe_file(f"{bucket}/a.txt", b"1")
    assert [*fileio.list_dir_or_file(bucket)] == ["a.txt"]
    assert fileio.exists(f"{bucket}/a.txt")
    other.pipe_file(f"{bucket}/a.txt", b"22")
    assert fileio.get(f"{bucket}/a.txt") == b"22"
    other.rm_file(f"{bucket}/a.txt")
    assert not fileio.isfile(f"{bucket}/a.txt")


def test_mistakes_in_listing(folder: str) -> None:
    fileio.put(b"", fileio.join_path(folder, "a.txt"))
    with pytest.raises(TypeError, match=r"suffix='.txt' is for files; set list_dir=False with it"):
        fileio.list_dir_or_file(folder, suffix=".txt")
    for recursive in (False, True):
        for name in ("nowhere", "a.txt"):
            missing = fileio.join_path(folder, name)
            with pytest.raises((FileNotFoundError, NotADirectoryError), match=name):
                list(fileio.list_dir_or_file(missing, recursive=recursive))


def test_a_local_path_lives_as_long_as_its_block(folder: str) -> None:
    name = fileio.join_path(folder, "a", "b.tar.gz")
    fileio.put(b"content", name)
    with fileio.get_local_path(name) as path:
        assert os.path.basename(path) == "b.tar.gz"
        assert Path(path).read_bytes() == b"content"
    assert os.path.exists(path) == ("memory" not in name and "s3" not in name)
    assert fileio.exists(name)


def test_a_local_path_goes_after_an_error_too(bucket: str) -> None:
    fileio.put(b"content", f"{bucket}/b.txt")
    paths = []

    def fail() -> None:
        with fileio.get_local_path(f"{bucket}/b.txt") as path:
            paths.append(path)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not os.path.exists(paths[0])
    with (
        pytest.raises(FileNotFoundError, match="nothing"),
        fileio.get_local_path("memory://nothing"),
    ):
        pass


def test_join_path_follows_its_first_part() -> None:
    assert fileio.join_path("a", "b", "c.txt") == str(Path("a") / "b" / "c.txt")
    assert fileio.join_path("a", "/b") == "/b"
    assert fileio.join_path("s3://bucket/a/", "b", "/c") == "s3://bucket/a/b/c"
    assert fileio.join_path("file:///a", "/b") == "file:///a/b"
    assert fileio.join_path("a", "/b", backend_args={"backend": "fsspec"}) == "a/b"


def test_presigned_urls(bucket: str) -> None:
    fileio.put(b"content", f"{bucket}/a b.txt")
    url = fileio.generate_presigned_url(f"{bucket}/a b.txt", expires_in=60)
    assert url.startswith(os.environ["AWS_ENDPOINT_URL"])
    assert "Expires=" in url
    assert fileio.get(url) == b"content"
    put = fileio.generate_presigned_url(f"{bucket}/new.txt", client_method="put_object")
    assert put != url
    with pytest.raises(NotImplementedError, match="memory://a can't be signed"):
        fileio.generate_presigned_url("memory://a")
    with pytest.raises(NotImplementedError, match="LocalBackend has no generate_presigned_url"):
        fileio.generate_presigned_url("a")
