"""`scripts/lock`: the committed lock names no index, and is completed from any."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PYPROJECT = """\
[project]
name = "whole"
version = "0"
requires-python = ">=3.11"
dependencies = ["demo", "part"]

[tool.uv]
package = false
workspace.members = ["packages/*"]
sources.part.workspace = true
"""
PART = """\
[project]
name = "part"
version = "1"
requires-python = ">=3.11"
"""

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

Files = dict[str, dict[str, str | None]]


class _SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of a request."""


class Index:
    """A package index in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def publish(
        self,
        name: str,
        version: str,
        *,
        tag: str = "py3-none-any",
        body: str = "",
        uploaded: datetime | None = LONG_AGO,
    ) -> str:
        """Add a wheel, with the time of its upload if that is given, and return its hash."""
        page = self.folder / name / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        wheel = page.with_name(f"{name}-{version}-{tag}.whl")
        info = f"{name}-{version}.dist-info"
        texts = {
            f"{name}.py": body,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n",
            f"{info}/RECORD": "",
        }
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in texts.items():
                archive.writestr(zipfile.ZipInfo(path), text)  # of a fixed time, so a fixed hash
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        time = f' data-upload-time="{uploaded:%Y-%m-%dT%H:%M:%SZ}"' if uploaded else ""
        with page.open("a") as links:
            links.write(f'<a href="{wheel.name}#sha256={digest}"{time}>{wheel.name}</a>\n')
        return f"sha256:{digest}"

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the folder, and yield its address."""
        handler = partial(_SilentHandler, directory=str(self.folder))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()


class Workspace:
    """A small workspace with a copy of `scripts/lock`."""

    def __init__(self, folder: Path, script: Path, uv: str) -> None:
        self.folder = folder
        self.lock = folder / "uv.lock"
        self.uv = uv
        for name, text in {
            "pyproject.toml": PYPROJECT,
            "packages/part/pyproject.toml": PART,
        }.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "scripts").mkdir()
        shutil.copy(script, folder / "scripts" / "lock")

    def run(self, *command: str, index: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in the workspace, with `index` as the user's."""
        settings = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "UV": self.uv,
            "UV_CACHE_DIR": str(self.folder.parent / "cache"),
            "UV_DEFAULT_INDEX": index,
            "UV_PYTHON": sys.executable,
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | settings,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def script(self, *options: str, index: str = "") -> subprocess.CompletedProcess[str]:
        """Run `scripts/lock`."""
        return self.run(sys.executable, "scripts/lock", *options, index=index)

    def must(self, *options: str, index: str = "") -> None:
        """Run `scripts/lock`, which has to succeed."""
        done = self.script(*options, index=index)
        assert done.returncode == 0, done.stderr

    def git(self, *arguments: str) -> str:
        """Run git, which has to succeed, and return what it prints."""
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of an index with one version of `demo`, as two wheels."""
    first = Index(tmp_path / "index")
    first.publish("demo", "1.0")
    first.publish("demo", "1.0", tag="cp399-abi3-any")
    with first.served() as address:
        yield address


@pytest.fixture
def small(tmp_path: Path, workspace: Path, uv: str, index: str) -> Workspace:
    """A workspace whose lock is written."""
    made = Workspace(tmp_path / "workspace", workspace / "scripts" / "lock", uv)
    made.must(index=index)
    return made


def clean(workspace: Path, lock: str) -> str:
    return subprocess.run(
        [sys.executable, str(workspace / "scripts" / "lock"), "--clean"],
        input=lock,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout


def files_of(lock: str) -> Files:
    """Return the hashes by file name, by package and version."""
    return {
        f"{package['name']} {package['version']}": {
            Path(file.get("url") or file["path"]).name: file.get("hash")
            for file in (*package.get("wheels", ()), *filter(None, [package.get("sdist")]))
        }
        for package in tomllib.loads(lock)["package"]
    }


def test_the_lock_of_this_workspace_is_neutral_and_whole(workspace: Path) -> None:
    lock = (workspace / "uv.lock").read_text()
    neutral = clean(workspace, lock)

    assert "://" not in neutral
    assert "package.metadata" not in neutral
    assert files_of(neutral) == files_of(lock)
    assert clean(workspace, neutral) == neutral


hosts = st.from_regex(
    r"https?://[a-z]{1,9}\.(org|example:[0-9]{4})(/[a-z+]{1,5}){0,3}", fullmatch=True
)


@settings(max_examples=15)
@given(hosts=st.tuples(hosts, hosts), extra=st.tuples(*2 * [st.booleans()]), swap=st.booleans())
def test_the_neutral_form_does_not_depend_on_the_index(
    workspace: Path, hosts: tuple[str, str], extra: tuple[bool, bool], swap: bool
) -> None:
    def lock(host: str, with_extra: bool, names: tuple[str, ...]) -> str:
        facts = ', size = 12, upload-time = "2026-01-01T00:00:00Z"' if with_extra else ""
        wheels = "".join(
            f'    {{ url = "{host}/{name}", hash = "sha256:{len(name)}"{facts} }},\n'
            for name in names
        )
        return (
            'version = 1\n\n[[package]]\nname = "demo"\nversion = "1.0"\n'
            f'source = {{ registry = "{host}/simple" }}\n'
            f'sdist = {{ url = "{host}/demo-1.0.tar.gz", hash = "sha256:0"{facts} }}\n'
            f"wheels = [\n{wheels}]\n"
        )

    names = ("demo-1.0%2Bcpu-py3-none-any.whl", "demo-1.0-cp399-abi3-any.whl")
    one = clean(workspace, lock(hosts[0], extra[0], names))
    other = clean(workspace, lock(hosts[1], extra[1], names[::-1] if swap else names))

    assert one == other
    assert 'path = "demo-1.0+cpu-py3-none-any.whl", hash = "sha256:31"' in one


def test_another_index_completes_the_lock_with_its_versions(
    small: Workspace, tmp_path: Path
) -> None:
    neutral = small.lock.read_text()
    newer = Index(tmp_path / "newer")
    newer.publish("demo", "1.0")
    newer.publish("demo", "1.0", tag="cp399-abi3-any")
    newer.publish("demo", "2.0")

    with newer.served() as address:
        small.must("--check", index=address)
        assert small.lock.read_text() == neutral

        small.must("--complete", index=address)
        assert f'registry = "{address}/"' in small.lock.read_text()
        assert files_of(small.lock.read_text()) == files_of(neutral)

        small.must(index=address)
        assert small.lock.read_text() == neutral

        small.must("--upgrade", index=address)
        assert "demo 2.0" in files_of(small.lock.read_text())


def test_a_version_is_taken_a_week_after_its_upload(small: Workspace, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    busy = Index(tmp_path / "busy")
    busy.publish("demo", "1.1", uploaded=now - timedelta(days=8))
    busy.publish("demo", "1.2", uploaded=now - timedelta(days=6))

    with busy.served() as address:
        small.must("--upgrade", index=address)
        assert files_of(small.lock.read_text()).keys() == {"demo 1.1", "part 1", "whole 0"}
        assert "exclude-newer" not in small.lock.read_text()

        small.must("--upgrade", "--exclude-newer-package", "demo=false", index=address)
        assert "demo 1.2" in files_of(small.lock.read_text())


def test_an_index_without_times_of_uploads_completes_the_lock(
    small: Workspace, tmp_path: Path
) -> None:
    plain = Index(tmp_path / "plain")
    plain.publish("demo", "1.0", uploaded=None)
    plain.publish("demo", "1.0", tag="cp399-abi3-any", uploaded=None)

    with plain.served() as address:
        small.must("--check", index=address)
        small.must("--complete", index=address)
        small.must("--exclude-newer", "false", index=address)


def test_an_index_may_lack_a_file(small: Workspace, tmp_path: Path) -> None:
    smaller = Index(tmp_path / "smaller")
    smaller.publish("demo", "1.0")

    with smaller.served() as address:
        small.must("--check", index=address)


def with_other_bytes(index: Index) -> str:
    """Publish the locked version with other bytes in it."""
    return f"+ demo 1.0: demo-1.0-py3-none-any.whl {index.publish('demo', '1.0', body='evil')}"


def with_a_file_more(index: Index) -> str:
    """Publish the locked version with a file that the lock does not name."""
    index.publish("demo", "1.0")
    added = index.publish("demo", "1.0", tag="cp311-abi3-any")
    return f"+ demo 1.0: demo-1.0-cp311-abi3-any.whl {added}"


def without_the_version(index: Index) -> str:
    """Publish another version only."""
    index.publish("demo", "2.0")
    return "  - demo 1.0\n  + demo 2.0\n"


@pytest.mark.parametrize("change", [with_other_bytes, with_a_file_more, without_the_version])
@pytest.mark.parametrize("option", ["--check", "--complete"])
def test_an_index_that_differs_is_refused(
    small: Workspace, tmp_path: Path, change: Callable[[Index], str], option: str
) -> None:
    other = Index(tmp_path / "other")
    line = change(other)
    neutral = small.lock.read_text()

    with other.served() as address:
        done = small.script(option, index=address)

    assert done.returncode == 1
    assert line in done.stderr
    assert "Traceback" not in done.stderr
    assert small.lock.read_text() == neutral


def test_a_dependency_that_is_not_locked_is_found(small: Workspace, index: str) -> None:
    (small.folder / "packages/part/pyproject.toml").write_text(f'{PART}dependencies = ["demo"]\n')

    done = small.script("--check", index=index)

    assert done.returncode == 1
    assert "+ part 1 needs demo" in done.stderr


def test_git_keeps_the_neutral_form(small: Workspace, index: str, workspace: Path) -> None:
    shutil.copy(workspace / ".gitattributes", small.folder)
    neutral = small.lock.read_text()
    small.git("init", "--quiet")
    small.must("--install-filter")
    small.must("--complete", index=index)
    completed = small.lock.read_text()
    assert completed != neutral

    small.git("add", "uv.lock")
    assert small.git("show", ":uv.lock") == neutral
    assert small.git("status", "--porcelain", "uv.lock") == "A  uv.lock\n"

    small.lock.write_text(neutral)
    assert small.git("diff", "--name-only") == ""
    small.lock.write_text(completed)
    assert small.git("diff", "--name-only") == ""
    small.lock.write_text(completed.replace('version = "1.0"', 'version = "1.1"'))
    assert small.git("diff", "--name-only") == "uv.lock\n"


def test_completing_the_lock_of_a_clone_changes_nothing_for_git(
    small: Workspace, index: str, workspace: Path
) -> None:
    shutil.copy(workspace / ".gitattributes", small.folder)
    small.git("init", "--quiet")
    small.git("add", "--all")
    small.git("-c", "user.name=tester", "-c", "user.email=", "commit", "--quiet", "--message=one")

    small.must("--install-filter")
    small.must("--complete", index=index)

    assert "://" in small.lock.read_text()
    assert small.git("status", "--porcelain") == ""

    small.lock.unlink()
    small.git("checkout", "--", "uv.lock")
    assert "://" not in small.lock.read_text()


def test_a_lock_that_was_staged_without_the_filter_is_found(small: Workspace, index: str) -> None:
    small.git("init", "--quiet")
    small.must("--complete", index=index)
    small.git("add", "uv.lock")

    done = small.script("--check", index=index)

    assert done.returncode == 1
    assert "git add --renormalize uv.lock" in done.stderr


def test_uv_is_got_by_the_hashes_of_the_lock(workspace: Path) -> None:
    lock = (workspace / "uv.lock").read_text()
    version = next(p["version"] for p in tomllib.loads(lock)["package"] if p["name"] == "uv")

    shown = subprocess.run(
        [sys.executable, str(workspace / "scripts" / "lock"), "--show-uv"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout

    requirement, *hashes = shown.split()
    assert requirement == f"uv=={version}"
    assert sorted(hashes) == sorted(f"--hash={h}" for h in files_of(lock)[f"uv {version}"].values())


def test_no_dependency_is_built_but_those_named(workspace: Path) -> None:
    settings = tomllib.loads((workspace / "pyproject.toml").read_text())["tool"]["uv"]
    packages = tomllib.loads((workspace / "uv.lock").read_text())["package"]

    assert settings["no-build"]
    assert settings["no-binary-package"] == [
        package["name"]
        for package in packages
        if "registry" in package["source"] and not package.get("wheels")
    ]


def test_what_builds_is_pinned_to_what_the_lock_has_hashes_of(workspace: Path, uv: str) -> None:
    settings = tomllib.loads((workspace / "pyproject.toml").read_text())["tool"]["uv"]
    options = ("--frozen", "--only-group", "build", "--prune", "uv", "--no-hashes", "--no-header")
    exported = subprocess.run(
        [uv, "export", "--quiet", *options, "--no-annotate"],
        cwd=workspace,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout

    assert settings["build-constraint-dependencies"] == exported.splitlines()


def test_no_file_in_git_names_an_index(workspace: Path) -> None:
    pattern = r"pypi[.]org|pythonhosted[.]org"
    found = subprocess.run(
        ["git", "grep", "--untracked", "-lE", pattern],
        cwd=workspace,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if found.returncode > 1:
        pytest.skip("not in a clone of the repository")
    assert set(found.stdout.split()) <= {"uv.lock"}  # in the work tree it may be completed
