"""The git repository that is released from, and its clone in which a release is made."""

from __future__ import annotations

from pathlib import Path

from packaging.version import Version

from .programs import ReleaseError, run

IDENTITY = ("user.name", "user.email", "user.signingkey", "commit.gpgsign", "tag.gpgsign")


class Repository:
    """A work tree of git.

    Args:
        folder: Its root.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        """Run git, and return what it prints."""
        return run("git", *arguments, folder=self.folder).strip()

    def check_clean(self) -> None:
        """Check that a branch is checked out, and that all is committed."""
        if self.git("rev-parse", "--abbrev-ref", "HEAD") == "HEAD":
            raise ReleaseError("no branch is checked out; check out the one to release from")
        if changes := self.git("status", "--porcelain"):
            raise ReleaseError(f"commit or remove these changes first:\n{changes}")

    def clone(self, folder: Path) -> Repository:
        """Clone the commit that is checked out, with all tags, to commit as the same person."""
        self.git("clone", "--quiet", str(self.folder), str(folder))
        clone = Repository(folder)
        for line in self.git("config", "--list").splitlines():
            key, _, value = line.partition("=")
            if key in IDENTITY:
                clone.git("config", key, value)
        return clone

    def check_out(self, revision: str, folder: Path) -> Path:
        """Check a revision out into a new folder beside this work tree, and return it."""
        self.git("worktree", "add", "--quiet", "--detach", str(folder), revision)
        return folder

    def releases(self, name: str) -> list[Version]:
        """Return the released versions of a library that this commit comes after, in order."""
        prefix = f"{name}-v"
        tags = self.git("tag", "--list", f"{prefix}*", "--merged", "HEAD").split()
        return sorted(Version(tag.removeprefix(prefix)) for tag in tags)

    def commit(self, message: str) -> None:
        """Commit all changes."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def take(self, clone: Repository, tag: str) -> None:
        """Move the branch to the commit of a clone, and take its tag: both, or neither.

        Raises:
            ReleaseError: The branch has moved since it was cloned, or the tag is there.
        """
        cloned, released = clone.git("rev-parse", "HEAD~"), clone.git("rev-parse", "HEAD")
        self.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(clone.folder), tag)
        self.check_clean()
        if self.git("rev-parse", "HEAD") != cloned:
            raise ReleaseError("the branch has moved meanwhile; run it again")
        self.git("read-tree", "-m", "-u", cloned, released)
        tagged = clone.git("rev-parse", f"refs/tags/{tag}")
        moves = f"update HEAD {released} {cloned}\ncreate refs/tags/{tag} {tagged}\n"
        try:
            run("git", "update-ref", "--stdin", folder=self.folder, given=moves)
        except BaseException:
            self.git("read-tree", "-m", "-u", released, cloned)
            raise
