"""The names that can be built, kept between commands.

To list names imports torch and all libraries, which takes seconds. The answer stays the same until
a package is installed, removed or changed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.registry import FoundName, Listing, NameIndex, announced_packages


class KeptIndex(NameIndex):
    """The names in all registries and sources, read from a file where nothing was installed since.

    A process that has torch already asks its registries, which may have names of its own.

    Args:
        tell: Called with a message for each library and source that can't be imported.
        accepts_old: Whether names from before the last installation will do.
    """

    def __init__(self, tell: Callable[[str], Any], accepts_old: bool = False) -> None:
        super().__init__(self._note)
        self._tell_user = tell
        self._accepts_old = accepts_old
        self._is_complete = True
        self._keeps = "torch" not in sys.modules

    def listing(self, registry: str | None = None) -> Listing:
        """Return what is registered in all registries."""
        content = self._kept("names", lambda: asdict(super(KeptIndex, self).listing()))
        names = [_name(each) for each in content["names"]]
        return Listing(content["libraries"], content["sources"], names)

    def names_of_source(self, prefix: str) -> list[FoundName]:
        """Return the names of a source."""
        fresh = super().names_of_source
        content = self._kept(
            f"names-of-{prefix}", lambda: {"names": [asdict(each) for each in fresh(prefix)]}
        )
        return [_name(each) for each in content["names"]]

    def _note(self, message: str) -> None:
        self._is_complete = False  # the next command tells it again
        self._tell_user(message)

    def _kept(self, what: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if not self._keeps:
            return make()
        file = _folder() / f"{what}.json"
        kept = _read(file)
        if kept is not None and (self._accepts_old or kept["installed"] == _installed()):
            content: dict[str, Any] = kept["content"]
            return content
        content = make()
        if self._is_complete:
            _write(file, {"installed": _installed(), "content": content})
        return content


def _name(fields: dict[str, Any]) -> FoundName:
    return FoundName(**{**fields, "weights": tuple(fields["weights"])})


def _folder() -> Path:
    """Return the folder for what can be made again, that of this interpreter's packages."""
    own = sha256(sys.prefix.encode()).hexdigest()[:12]
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "engine" / own


def _read(file: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {"installed": kept["installed"], "content": kept["content"]}
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or not ours
        return None


def _write(file: Path, kept: dict[str, Any]) -> None:
    from engine.fileio import atomic_write  # deferred: names that are kept need none

    with suppress(OSError), atomic_write(file, "w") as stream:  # a home that is read-only
        json.dump(kept, stream)


@cache
def _installed() -> str:
    """Return a digest of the packages that can be imported, and of the files of libraries."""
    facts = [sys.version, *sys.path]
    for folder in sys.path:
        with suppress(OSError):
            facts += sorted(each for each in os.listdir(folder) if each.endswith("-info"))
    for package in ("engine", *announced_packages().values()):
        facts += sorted(_files_of(package))
    return sha256("\n".join(facts).encode()).hexdigest()


def _files_of(package: str) -> Iterator[str]:
    """Yield the Python files of a package, with the time of their last change."""
    spec = find_spec(package)
    for place in (spec and spec.submodule_search_locations) or ():
        for folder, _, files in os.walk(place):
            for name in files:
                if name.endswith((".py", ".pyi")):
                    file = os.path.join(folder, name)
                    yield f"{file} {os.stat(file).st_mtime_ns}"
