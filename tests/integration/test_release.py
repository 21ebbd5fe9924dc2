"""`scripts/release`: what it refuses, what it writes, and that it changes all or nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from releasing import changelog
from releasing.programs import ReleaseError
from releasing.release import Release
from releasing.repository import Repository
from releasing.trial import check_python
from releasing.versions import breaking_after, compatible_range, parse
from releasing.workspace import Library, Workspace

ENGINE = """\
[project]
name = "engine"
version = "0.1.0"
dependencies = []
"""
ALPHA = """\
[project]
name = "mmalpha"
version = "0.3.0"
dependencies = ["engine>=0.1,<0.2"]
"""
FILES = {
    "packages/engine/pyproject.toml": ENGINE,
    "packages/engine/CHANGELOG.md": "# Changelog\n\n## 0.1.0\n\n- The first one.\n",
    "packages/engine/src/engine/__init__.py": "",
    "packages/engine/src/engine/__init__.pyi": "from ._train import train as train\n",
    "packages/engine/src/engine/_train.py": "def train(config, epochs=1): ...\n",
    "packages/alpha/pyproject.toml": ALPHA,
    "packages/alpha/CHANGELOG.md": "# Changelog\n\n## 0.3.0\n\n- The first one.\n",
}


class Small(Repository):
    """A repository of two small libraries."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Tester")
        self.git("config", "user.email", "tester@example.org")
        self.write(FILES)

    def write(self, files: dict[str, str]) -> None:
        """Write files, and commit them."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.commit("Change it")

    def release(self, folder: Path, version: str, name: str = "engine") -> Release:
        """Begin a release in a new folder."""
        return Release(self, name, parse(version), folder)

    def state(self) -> tuple[str, str, dict[str, bytes]]:
        """Return the references, the status, and the files of the work tree."""
        return (
            self.git("show-ref", "--head"),
            self.git("status", "--porcelain"),
            files_in(self.folder),
        )


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """A repository of which nothing is released."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    return Small(tmp_path / "small")


@pytest.fixture
def released(small: Small) -> Small:
    """One of which engine 0.1.0 is released, and something fixed since."""
    small.git("tag", "engine-v0.1.0")
    small.write({"packages/engine/changes/+rest.fixed.md": "The rest works.\n"})
    return small


def test_uncommitted_changes_are_refused(small: Small) -> None:
    small.check_clean()
    (small.folder / "new.py").touch()
    with pytest.raises(ReleaseError, match=r"commit or remove these changes first:\n\?\? new\.py"):
        small.check_clean()


def test_no_branch_is_refused(small: Small) -> None:
    small.git("checkout", "--quiet", "--detach")
    with pytest.raises(ReleaseError, match="no branch is checked out"):
        small.check_clean()


@pytest.mark.parametrize("text", ["0.2", "0.2.0rc1", "v0.2.0", "0.02.0", ""])
def test_a_version_is_three_numbers(text: str) -> None:
    with pytest.raises(ReleaseError, match=r"a version is three numbers, such as 0\.2\.0"):
        parse(text)


def test_a_library_that_is_not_there_is_refused(small: Small, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no library 'mmgamma'; there are mmalpha, engine"):
        small.release(tmp_path / "made", "0.2.0", "mmgamma")


def test_a_python_that_is_not_there_is_refused(uv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", uv)
    check_python("3.11")
    with pytest.raises(ReleaseError, match=r"uv finds no Python 3\.5; install it, or choose"):
        check_python("3.5")


def test_a_version_that_is_not_newer_is_refused(released: Small, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"there is a tag engine-v0\.1\.0 already"):
        released.release(tmp_path / "same", "0.1.0").check()
    with pytest.raises(ReleaseError, match=r"engine 0\.1\.0 is released; 0\.0\.9 is not newer"):
        released.release(tmp_path / "older", "0.0.9").check()


def test_a_release_without_fragments_is_refused(small: Small, tmp_path: Path) -> None:
    small.git("tag", "engine-v0.1.0")
    with pytest.raises(ReleaseError, match="packages/engine/changes has no fragments"):
        small.release(tmp_path / "made", "0.1.1").check()


@pytest.mark.parametrize("name", ["+rest.repaired.md", "+rest.md", "+rest.fixed.txt", "+a.b.fixed"])
def test_a_fragment_that_would_be_passed_over_is_refused(
    released: Small, tmp_path: Path, name: str
) -> None:
    released.write({f"packages/engine/changes/{name}": "Lost.\n"})
    with pytest.raises(ReleaseError, match=re.escape(f"changes/{name}: a fragment is named")):
        released.release(tmp_path / "made", "0.1.1").check()


def test_the_first_release_needs_its_section_only(small: Small, tmp_path: Path) -> None:
    small.release(tmp_path / "right", "0.1.0").check()
    with pytest.raises(ReleaseError, match=r"CHANGELOG.md has no section of 0\.2\.0"):
        small.release(tmp_path / "other", "0.2.0").check()
    with pytest.raises(ReleaseError, match=r"engine is 0\.1\.0 already"):
        small.release(tmp_path / "older", "0.0.9").check()


def test_what_a_library_requires_is_released_before_it(small: Small, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"mmalpha requires engine.*; release engine first"):
        small.release(tmp_path / "made", "0.3.0", "mmalpha").check()

    small.git("tag", "engine-v0.1.0")
    small.release(tmp_path / "after", "0.3.0", "mmalpha").check()


INCOMPATIBLE = {
    "a fragment": (
        {"packages/engine/changes/+epochs.breaking.md": "`train` takes steps.\n"},
        "packages/engine/changes/+epochs.breaking.md",
    ),
    "an argument": (
        {"packages/engine/src/engine/_train.py": "\n\ndef train(config): ...\n"},
        "packages/engine/src/engine/_train.py:3: `train(epochs)`: *Parameter was removed*",
    ),
    "a name": (
        {"packages/engine/src/engine/__init__.pyi": "from ._train import fit as fit\n"},
        "packages/engine/src/engine/__init__.pyi:1: `train`: *Public object was removed*",
    ),
}


@pytest.mark.parametrize(("change", "line"), INCOMPATIBLE.values(), ids=INCOMPATIBLE)
def test_what_is_not_compatible_needs_the_version_that_says_so(
    released: Small,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    line: str,
) -> None:
    released.write(change)

    with pytest.raises(ReleaseError, match=r"make it 0\.2\.0 or higher, not 0\.1\.1"):
        released.release(tmp_path / "refused", "0.1.1").check()
    assert capsys.readouterr().out == f"  not compatible with 0.1.0: {line}\n"

    released.release(tmp_path / "accepted", "0.2.0").check()
    assert line in capsys.readouterr().out


def test_what_is_compatible_needs_no_more_than_a_newer_version(
    released: Small, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private = "def _train_one(config): ...\ndef train(config, epochs=1, seed=0): ...\n"
    released.write({"packages/engine/src/engine/_train.py": private})

    released.release(tmp_path / "made", "0.1.1").check()

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("version", "breaking", "admitted"),
    [("0.1.7", "0.2.0", ">=0.1,<0.2"), ("1.2.3", "2.0.0", ">=1.2,<2")],
)
def test_the_version_that_may_break_is_out_of_the_range(
    version: str, breaking: str, admitted: str
) -> None:
    assert str(breaking_after(Version(version))) == breaking
    assert compatible_range(Version(version)) == admitted


def copy(workspace: Path, folder: Path) -> Path:
    """Copy what belongs to the repository, changes that are not committed too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=workspace,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if listed.returncode:
        pytest.skip("not in a clone of the repository")
    for name in listed.stdout.split("\0"):
        if (source := workspace / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    return folder


def test_the_ranges_admit_a_version_that_may_break(workspace: Path, tmp_path: Path) -> None:
    made = Workspace(copy(workspace, tmp_path / "made"))
    engine = made.library("engine")
    next_one = breaking_after(engine.version)

    engine.set_version(next_one)
    behind = made.admit(engine)

    assert [library.name for library in behind] == ["mmalpha", "mmbeta"]
    example = Library(made.folder / "tests" / "integration" / "mmgamma")
    for library in (*behind, example):
        admitted = library.range_of("engine")
        assert admitted is not None
        assert next_one in admitted
        assert breaking_after(next_one) not in admitted
    (shown,) = (
        line
        for line in (made.folder / "docs" / "your-library.md").read_text().splitlines()
        if line.startswith("dependencies = [")
    )
    assert shown in example.settings.read_text()
    alias = engine.folder / "src/engine/compat/alias/mmengine.dist-info/METADATA"
    assert re.search(rf"^Version: .*\+engine\.{next_one}$", alias.read_text(), re.MULTILINE)


def test_the_ranges_stay_where_they_admit_the_version(workspace: Path, tmp_path: Path) -> None:
    made = Workspace(copy(workspace, tmp_path / "made"))
    before = files_in(made.folder)
    engine = made.library("engine")
    version = engine.version
    engine.set_version(Version(f"{version.major}.{version.minor}.{version.micro + 1}"))

    assert made.admit(engine) == []

    changed = {name for name, text in files_in(made.folder).items() if text != before[name]}
    assert {Path(name).name for name in changed} == {"pyproject.toml", "METADATA"}
    assert len(changed) == 2


@pytest.mark.parametrize("has_section", [False, True], ids=["a new section", "an open section"])
def test_fragments_become_the_section_of_a_release(
    workspace: Path, tmp_path: Path, has_section: bool
) -> None:
    folder = tmp_path / "made" / "packages" / "part"
    folder.mkdir(parents=True)
    shutil.copy(workspace / "pyproject.toml", tmp_path / "made")
    (folder / "pyproject.toml").write_text('[project]\nname = "part"\nversion = "0.1.0"\n')
    older = "## 0.1.0\n\n- The first one.\n"
    opened = "## 0.2.0\n\n- Written by hand.\n\n" if has_section else ""
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n{opened}{older}")
    library = Library(folder)
    changelog.add(library, "bug", "fixed", "A bug.")
    changelog.add(library, "gone", "breaking", "Something is gone.")

    changelog.write(library, Version("0.2.0"))

    by_hand = "- Written by hand.\n\n" if has_section else ""
    assert (folder / "CHANGELOG.md").read_text() == (
        f"# Changelog\n\n## 0.2.0\n\n{by_hand}"
        f"### Breaking\n\n- Something is gone.\n\n### Fixed\n\n- A bug.\n\n{older}"
    )
    assert changelog.fragments(library) == {}


@pytest.fixture
def made(released: Small, tmp_path: Path) -> Repository:
    """A clone with one commit more, which has a tag."""
    clone = released.clone(tmp_path / "clone")
    (clone.folder / "packages" / "engine" / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.1\n")
    (clone.folder / "packages" / "engine" / "new.md").touch()
    clone.commit("Release engine 0.1.1")
    clone.git("tag", "--annotate", "--message", "engine 0.1.1", "engine-v0.1.1")
    return clone


def test_a_release_moves_branch_tag_and_files(released: Small, made: Repository) -> None:
    released.take(made, "engine-v0.1.1")

    assert released.git("log", "-1", "--format=%s %an", "main") == "Release engine 0.1.1 Tester"
    assert released.git("rev-parse", "engine-v0.1.1^{commit}", "main").split() == 2 * [
        made.git("rev-parse", "HEAD")
    ]
    assert released.git("status", "--porcelain") == ""
    assert files_in(released.folder) == files_in(made.folder)


def test_a_tag_that_is_there_keeps_the_branch_where_it_is(
    released: Small, made: Repository
) -> None:
    released.git("tag", "engine-v0.1.1")
    before = released.state()
    with pytest.raises(ReleaseError, match=r"engine-v0\.1\.1"):
        released.take(made, "engine-v0.1.1")
    assert released.state() == before


def test_a_branch_that_moved_meanwhile_stays(released: Small, made: Repository) -> None:
    released.write({"other.md": "Somebody else's.\n"})
    before = released.state()
    with pytest.raises(ReleaseError, match="the branch has moved meanwhile"):
        released.take(made, "engine-v0.1.1")
    assert released.state() == before


@pytest.mark.slow
def test_a_dry_run_builds_and_leaves_the_repository_as_it_is(
    workspace: Path, uv: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV", uv)
    repository = Repository(copy(workspace, tmp_path / "workspace"))
    repository.git("init", "--quiet")
    for key, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
        repository.git("config", key, value)
    repository.commit("Begin")
    engine = Workspace(repository.folder).library("engine")
    last = engine.version
    repository.git("tag", f"engine-v{last}")
    changelog.add(engine, "speed", "changed", "It is faster.")
    repository.commit("Make it faster")
    version = f"{last.major}.{last.minor + 1}.0"  # what was changed so far may break code
    before = repository.git("show-ref", "--head"), files_in(repository.folder)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    out = tmp_path / "out"

    done = subprocess.run(
        [
            *(sys.executable, str(repository.folder / "scripts" / "release"), "engine", version),
            *("--dry-run", "--python", python, "--resolution", "highest", "--out", str(out)),
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert f"engine {version} passed" in done.stdout
    assert (repository.git("show-ref", "--head"), files_in(repository.folder)) == before
    assert repository.git("status", "--porcelain") == ""
    assert {path.name for path in out.iterdir()} == {
        f"engine-{version}-py3-none-any.whl",
        f"engine-{version}.tar.gz",
        f"engine-{version}.cdx.json",
    }
    bill = (out / f"engine-{version}.cdx.json").read_bytes()
    component = json.loads(bill)["metadata"]["component"]
    assert (component["name"], component["version"]) == ("engine", version)
    with zipfile.ZipFile(out / f"engine-{version}-py3-none-any.whl") as wheel:
        info = f"engine-{version}.dist-info"
        assert wheel.read(f"{info}/sboms/sbom.cdx.json") == bill
        assert f"Version: {version}\n" in wheel.read(f"{info}/METADATA").decode()
        assert not [name for name in wheel.namelist() if "/changes/" in name]
    with tarfile.open(out / f"engine-{version}.tar.gz") as sdist:
        changes = sdist.extractfile(f"engine-{version}/CHANGELOG.md")
        assert changes is not None
        assert "- It is faster.\n" in changes.read().decode()
