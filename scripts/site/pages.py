"""The Markdown files of the repository as pages of the site."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PurePosixPath

# Code, which stays as it is, or else a link: its text and its target.
_CODE_OR_LINK = re.compile(
    r"^(?P<fence>```+)(?P<language>\w*)\n(?P<code>.*?)^(?P=fence)$"
    r"|(?P<ticks>(?<!`)`+(?!`)).*?(?<!`)(?P=ticks)(?!`)"
    r"|(?P<text>\[(?:[^\[\]`]|`[^`]*`)*\])\((?P<target>[^)\s]+)\)",
    re.MULTILINE | re.DOTALL,
)


class PageError(Exception):
    """What is wrong with a page, and where."""


class Pages:
    """The pages of a repository.

    Args:
        root: The folder of the repository.
        repository: Its public address, if it has one.
    """

    def __init__(self, root: Path, repository: str | None = None) -> None:
        self.root = root
        self.repository = repository
        self.pages = dict(self._pages())

    def _pages(self) -> dict[Path, PurePosixPath]:
        """Return the files that are pages, or are shown on one, and where each is on the site."""
        pages = {path: path.relative_to(self.root / "docs") for path in self._files("docs/*.md")}
        pages |= {
            path: path.relative_to(self.root / "docs") for path in self._files("docs/images/*")
        }
        pages |= {path: Path(path.name.lower()) for path in self._files("*.md")}
        pages[self.root / "README.md"] = Path("repository.md")
        for changelog in self._files("packages/*/CHANGELOG.md"):
            (package,) = (init.parent for init in changelog.parent.glob("src/*/__init__.py"))
            pages[changelog] = Path("changelog", f"{package.name}.md")
        return {path: PurePosixPath(page) for path, page in pages.items()}

    def _files(self, pattern: str) -> list[Path]:
        return sorted(self.root.glob(pattern))

    def write(self, folder: Path) -> None:
        """Write all pages and images into a folder."""
        for path, page in self.pages.items():
            out = folder / page
            out.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".md":
                out.write_text(self.text_of(path), "utf-8")
            else:
                shutil.copyfile(path, out)

    def text_of(self, path: Path) -> str:
        """Return the text of a page, with links as they are on the site."""
        text = path.read_text("utf-8")

        def replace(found: re.Match[str]) -> str:
            if found["fence"]:
                return _example(found)
            if found["target"] is None:
                return found[0]
            line = text.count("\n", 0, found.start()) + 1
            target = self._target(path, line, found["target"])
            return f"{found['text']}({target})" if target else found["text"][1:-1]

        return _CODE_OR_LINK.sub(replace, text)

    def _target(self, path: Path, line: int, target: str) -> str | None:
        """Return what a link of a page leads to on the site; None if that has no address."""
        name, hash_, anchor = target.partition("#")
        if not name or ":" in name:
            return target
        place = Path(os.path.normpath(path.parent / name))
        if place in self.pages:
            here = self.pages[path].parent
            return os.path.relpath(self.pages[place], here) + hash_ + anchor
        where = path.relative_to(self.root)
        if not place.exists() or not place.is_relative_to(self.root):
            raise PageError(f"{where}:{line}: there is no file {name!r}, to which a link leads")
        if self.repository is None:
            return None
        kind = "tree" if place.is_dir() else "blob"
        return f"{self.repository}/{kind}/main/{place.relative_to(self.root).as_posix()}"


def _example(fence: re.Match[str]) -> str:
    """Return a block of code as a reader wants it, without what its test needs."""
    language, code = fence["language"], fence["code"].rstrip("\n")
    if language == "python" and code.startswith(">>>"):
        language, code = "pycon", re.sub("^<BLANKLINE>$", "", code, flags=re.MULTILINE)
    return f"{fence['fence']}{language}\n{code}\n{fence['fence']}"
