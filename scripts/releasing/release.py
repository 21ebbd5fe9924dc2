"""A release, from its checks to the moved branch."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.version import Version

from . import changelog, compatibility, distribution, trial, versions
from .programs import ReleaseError
from .repository import Repository
from .workspace import Library, Workspace


def release(
    root: Path,
    name: str,
    version: Version,
    targets: Sequence[trial.Target],
    *,
    dry_run: bool,
    out: Path | None,
) -> None:
    """Release a library, or leave all as it was.

    Args:
        root: The work tree of the repository.
        name: The name of the library.
        version: Its new version.
        targets: What its wheel is tried on.
        dry_run: Whether to leave all as it was in any case.
        out: A folder for the files, if they are wanted.

    Raises:
        ReleaseError: Something keeps it from being released.
    """
    repository = Repository(root)
    repository.check_clean()
    for target in targets:
        trial.check_python(target.python)
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        made = Release(repository, name, version, Path(folder).resolve())
        files = made.make(targets)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            for path in files:
                shutil.copy(path, out)
        if not dry_run:
            repository.take(made.clone, made.tag)
    say(f"{name} {version} {'passed' if dry_run else f'is released, tag {made.tag}'}")


class Release:
    """A release of one library, made in a clone.

    Args:
        repository: What is cloned.
        name: The name of the library.
        version: Its new version.
        folder: An empty folder, for the clone and all else.
    """

    def __init__(self, repository: Repository, name: str, version: Version, folder: Path) -> None:
        self.folder = folder
        self.clone = repository.clone(folder / "clone")
        self.workspace = Workspace(self.clone.folder)
        self.library = self.workspace.library(name)
        self.version = version
        self.title = f"Release {name} {version}"
        self.tag = f"{name}-v{version}"

    def make(self, targets: Sequence[trial.Target]) -> list[Path]:
        """Make the release in the clone, and return its files."""
        say(f"Checking that {self.library.name} may become {self.version}")
        self.check()
        say("Writing version, ranges, changelog, lock and bill of materials")
        self.write()
        say("Building twice")
        roots = (self.clone.folder, self.clone.check_out("HEAD", self.folder / "again"))
        files = distribution.build(self.library.name, roots, self.folder / "built")
        self.try_files(files, targets)
        self.clone.git("tag", "--annotate", "--message", self.title, self.tag)
        bill = self.folder / f"{self.library.name}-{self.version}.cdx.json"
        shutil.copy(self.library.folder / distribution.BILL, bill)
        return [*files, bill]

    def check(self) -> None:
        """Check that there is something to release, and that the version says what it breaks."""
        name = self.library.name
        if self.clone.git("tag", "--list", self.tag):
            raise ReleaseError(f"there is a tag {self.tag} already")
        kinds = changelog.fragments(self.library)
        for sibling in self.workspace.libraries.values():
            self._check_released(sibling)
        if not (released := self.clone.releases(name)):
            if self.version < self.library.version:
                raise ReleaseError(f"{name} is {self.library.version} already")
            if not kinds and not changelog.has_section(self.library, self.version):
                raise ReleaseError(
                    f"{self.library.place}/CHANGELOG.md has no section of {self.version}"
                )
            return
        last = released[-1]
        if self.version <= last:
            raise ReleaseError(f"{name} {last} is released; {self.version} is not newer")
        if not kinds:
            raise ReleaseError(f"{self.library.place}/changes has no fragments: nothing to release")
        breaking = [
            f"{self.library.place}/changes/{path.name}"
            for path, kind in kinds.items()
            if kind == "breaking"
        ]
        breaking += compatibility.breaking_changes(
            name, self._released(self.library, last).folder, self.library.folder
        )
        for line in breaking:
            say(f"  not compatible with {last}: {line}")
        if breaking and self.version < (least := versions.breaking_after(last)):
            raise ReleaseError(
                f"changes that are not compatible with {name} {last}, see above, make it {least} "
                f"or higher, not {self.version}"
            )

    def _check_released(self, sibling: Library) -> None:
        """Check that a library can be installed as this one requires it."""
        admitted = self.library.range_of(sibling.name)
        if admitted and not any(admitted.filter(self.clone.releases(sibling.name))):
            raise ReleaseError(
                f"{self.library.name} requires {sibling.name}{admitted}, of which nothing is "
                f"released; release {sibling.name} first"
            )

    def write(self) -> None:
        """Write and commit all that changes with the version."""
        self.library.set_version(self.version)
        behind = self.workspace.admit(self.library)
        required = f"{self.library.name}{versions.compatible_range(self.version)}"
        for sibling in behind:
            changelog.add(sibling, self.library.name, "changed", f"Requires `{required}`.")
        changelog.write(self.library, self.version)
        distribution.lock(self.clone.folder)
        distribution.write_bill(self.library)
        compatibility.write_interface(self.library, self.clone.folder)
        self.clone.commit(self.title)
        if behind:
            names = ", then ".join(sibling.name for sibling in behind)
            say(f"  {names} to be released after it, since they require {required} now")

    def try_files(self, files: Sequence[Path], targets: Sequence[trial.Target]) -> None:
        """Install the wheel into empty environments, alone and with the other libraries."""
        required = {requirement.name for requirement in self.library.requirements()}
        own = [trial.Wheel(self.library, next(path for path in files if path.suffix == ".whl"))]
        others: list[trial.Wheel] = []
        for sibling in self.workspace.siblings(self.library):
            (own if sibling.name in required else others).append(self._wheel(sibling))
        for number, target in enumerate(targets):
            say(f"Trying the wheel on Python {target.python}, resolution {target.resolution}")
            folder = self.folder / f"trial-{number}"
            folder.mkdir()
            say(f"  passed: {trial.try_out(own, others, target, self.clone.folder, folder)}")
            shutil.rmtree(folder)

    def _wheel(self, sibling: Library) -> trial.Wheel:
        """Build the wheel of a sibling as it was released last, or as it is here.

        The latter if its last release and this one do not admit each other.
        """
        for version in self.clone.releases(sibling.name)[-1:]:
            last = self._released(sibling, version)
            admits, admitted = last.range_of(self.library.name), self.library.range_of(last.name)
            if (admits is None or self.version in admits) and (
                admitted is None or version in admitted
            ):
                sibling = last
        root = sibling.folder.parents[1]
        out = self.folder / "siblings" / sibling.name
        return trial.Wheel(sibling, distribution.build_wheel(sibling.name, root, out))

    def _released(self, library: Library, version: Version) -> Library:
        """Return a library as it was released."""
        tag = f"{library.name}-v{version}"
        root = self.clone.check_out(tag, self.folder / tag)
        return Library(root / library.place)


def say(line: str) -> None:
    """Tell what is done."""
    print(line, flush=True)
