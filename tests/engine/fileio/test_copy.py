"""Copies, within each kind of storage and between one and this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine import fileio
from engine.fileio import join_path


def _tree(folder: str) -> dict[str, bytes]:
    names = fileio.list_dir_or_file(folder, list_dir=False, recursive=True)
    return {name: fileio.get(join_path(folder, name)) for name in names}


def test_a_file_within_a_storage(folder: str) -> None:
    source, target = join_path(folder, "a.txt"), join_path(folder, "new", "b.txt")
    fileio.put(b"content", source)
    assert fileio.copyfile(source, target).endswith("b.txt")
    fileio.put(b"other", source)
    assert fileio.get(target) == b"content"
    fileio.copyfile(source, target)
    assert fileio.get(target) == b"other"
    fileio.copyfile(source, join_path(folder, "new"))  # a folder keeps the name
    assert _tree(folder) == {"a.txt": b"other", "new/a.txt": b"other", "new/b.txt": b"other"}
    with pytest.raises(FileNotFoundError, match="nothing"):
        fileio.copyfile(join_path(folder, "nothing"), target)


def test_a_folder_within_a_storage(folder: str) -> None:
    content = {"a.txt": b"a", "b/c.txt": b"c", "b/d/e.txt": b"e"}
    for name, value in content.items():
        fileio.put(value, join_path(folder, "from", name))
    fileio.put(b"", join_path(folder, "from", ".hidden"))
    target = fileio.copytree(join_path(folder, "from"), join_path(folder, "to"))
    assert _tree(join_path(folder, "to")) == content
    assert fileio.isfile(join_path(target, ".hidden"))
    with pytest.raises(FileExistsError, match="to"):
        fileio.copytree(join_path(folder, "from"), join_path(folder, "to"))
    with pytest.raises(FileNotFoundError, match="nothing"):
        fileio.copytree(join_path(folder, "nothing"), join_path(folder, "new"))


def test_files_from_here_and_back(folder: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    here = tmp_path_factory.mktemp("here")
    (here / "a.txt").write_bytes(b"content")
    assert fileio.copyfile_from_local(here / "a.txt", join_path(folder, "b.txt")).endswith("b.txt")
    fileio.put(b"", join_path(folder, "sub", "x"))
    kept = fileio.copyfile_from_local(f"file://{here}/a.txt", join_path(folder, "sub"))
    assert fileio.get(kept) == b"content"
    assert kept.endswith("sub/a.txt")
    back = fileio.copyfile_to_local(join_path(folder, "b.txt"), here / "new" / "c.txt")
    assert back == here / "new" / "c.txt"
    assert Path(back).read_bytes() == b"content"
    kept = fileio.copyfile_to_local(join_path(folder, "b.txt"), f"file://{here}")
    assert kept == str(here / "b.txt")
    assert sorted(path.name for path in here.rglob("*")) == ["a.txt", "b.txt", "c.txt", "new"]
    with pytest.raises(FileNotFoundError, match="nothing"):
        fileio.copyfile_to_local(join_path(folder, "nothing"), here / "d.txt")
    with pytest.raises(FileNotFoundError, match="nothing"):
        fileio.copyfile_from_local(here / "nothing", join_path(folder, "d.txt"))
    assert not (here / "d.txt").exists()


def test_folders_from_here_and_back(folder: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    here = tmp_path_factory.mktemp("here")
    content = {"a.txt": b"a", "b/c.txt": b"c"}
    for name, value in content.items():
        fileio.put(value, here / "from" / name)
    fileio.copytree_from_local(here / "from", join_path(folder, "to"))
    assert _tree(join_path(folder, "to")) == content
    fileio.copytree_to_local(join_path(folder, "to"), here / "back")
    assert _tree(str(here / "back")) == content
    with pytest.raises(FileExistsError, match="to"):
        fileio.copytree_from_local(here / "from", join_path(folder, "to"))
    with pytest.raises(FileExistsError, match="back"):
        fileio.copytree_to_local(join_path(folder, "to"), here / "back")
    with pytest.raises(FileNotFoundError, match="nothing"):
        fileio.copytree_from_local(here / "nothing", join_path(folder, "new"))
    with pytest.raises(FileNotFoundError, match="nothing"):
        fileio.copytree_to_local(join_path(folder, "nothing"), here / "new")


def test_a_name_with_a_slash_at_its_end_is_a_folder(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"content")
    assert fileio.copyfile_from_local(tmp_path / "a.txt", f"{bucket}/x/") == f"{bucket}/x/a.txt"
    assert fileio.copyfile(f"{bucket}/x/a.txt", f"{bucket}/y/") == f"{bucket}/y/a.txt"
    assert fileio.get(f"{bucket}/y/a.txt") == b"content"


def test_a_link_or_a_copy(folder: str) -> None:
    fileio.put(b"a", join_path(folder, "from", "a.txt"))
    file, tree = join_path(folder, "file"), join_path(folder, "tree")
    is_link = fileio.copy_if_symlink_fails(join_path(folder, "from", "a.txt"), file)
    assert is_link == fileio.get_file_backend(folder).allow_symlink
    assert fileio.copy_if_symlink_fails(join_path(folder, "from"), tree) == is_link
    assert _tree(tree) == {"a.txt": b"a"}
    fileio.put(b"b", join_path(folder, "from", "a.txt"))
    assert fileio.get(file) == (b"b" if is_link else b"a")
    with pytest.raises(FileNotFoundError, match="nothing"):
        fileio.copy_if_symlink_fails(join_path(folder, "nothing"), join_path(folder, "x"))


def test_local_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fileio.put(b"a", "a.txt")
    Path("sub").mkdir()
    assert fileio.copy_if_symlink_fails("a.txt", "sub/b.txt")
    assert Path("sub/b.txt").read_bytes() == b"a"
    with pytest.raises(shutil.SameFileError):
        fileio.copy_if_symlink_fails("a.txt", "sub/b.txt")
    fileio.put(b"other", "taken.txt")
    assert not fileio.copy_if_symlink_fails("a.txt", "taken.txt")
    assert Path("taken.txt").read_bytes() == b"a"

    def refuse(*_: object) -> None:
        raise OSError("no privilege")

    monkeypatch.setattr("os.symlink", refuse)
    assert not fileio.copy_if_symlink_fails("a.txt", "c.txt")
    assert not Path("c.txt").is_symlink()
    assert not fileio.copy_if_symlink_fails("sub", "tree")
    assert [*fileio.list_dir_or_file("tree")] == ["b.txt"]


def test_local_copies_keep_permissions_and_themselves(tmp_path: Path) -> None:
    script, link = tmp_path / "run.sh", tmp_path / "link.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o555)
    fileio.copyfile(script, tmp_path / "copy.sh")
    assert (tmp_path / "copy.sh").stat().st_mode == script.stat().st_mode
    link.symlink_to(script)
    for target in (script, link, tmp_path):
        with pytest.raises(shutil.SameFileError, match="are the same file"):
            fileio.copyfile(script, target)
    assert script.read_text() == "#!/bin/sh\n"


def test_both_ends_are_in_one_storage(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    for verb in (fileio.copyfile, fileio.copytree, fileio.copy_if_symlink_fails):
        with pytest.raises(ValueError, match="and memory://x are in different storages; copyfile_"):
            verb(tmp_path / "a", "memory://x")
    assert fileio.copyfile(tmp_path / "a", f"file://{tmp_path}/b") == f"{tmp_path}/b"


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("verb", ["", "_from_local", "_to_local"])
def test_a_copy_is_named_in_the_type_of_its_target(
    tmp_path: Path, kind: type[str | Path], verb: str
) -> None:
    fileio.put(b"a", tmp_path / "from" / "a.txt")
    fileio.put(b"b", tmp_path / "b.txt")
    for what, source, target, expected in (
        ("file", "b.txt", "c.txt", "c.txt"),
        ("file", "b.txt", "from", "from/b.txt"),
        ("tree", "from", "to", "to"),
    ):
        copy = getattr(fileio, f"copy{what}{verb}")(tmp_path / source, kind(tmp_path / target))
        assert type(copy) is type(kind(tmp_path))
        assert copy == kind(tmp_path / expected)
