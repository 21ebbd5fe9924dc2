"""Find the library of a scope, and import its registries.

A library announces its scope by the entry point group `engine.scopes`:

    [project.entry-points."engine.scopes"]
    mmalpha = "mmalpha.registry"

A library without an entry point is found if its distribution requires `engine` or `mmengine` and
its package has the name of the scope and a module `registry`. Both are read from metadata, without
an import. Code may name other packages, data may not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from engine.utils import close_matches

from ._errors import NotRegisteredError, ScopeImportError, ScopeNotInstalledError
from ._trust import HOW_TO_ALLOW, is_allowed

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

GROUP = "engine.scopes"
PENDING = "pending"
IMPORTED = "imported"

_ENGINES = ("engine", "mmengine")
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_COMPANIONS = "libraries"  # the extra of engine that lists libraries made for it


class Announcement:
    """The library of a scope.

    Attributes:
        scope: The scope.
        module: The module with its registries.
        library: Its distribution, if it is known.
        fault: The message of the error, if the announcement is wrong.
    """

    __slots__ = ("fault", "library", "module", "scope")

    def __init__(
        self, scope: str, module: str, library: Distribution | None, fault: str | None = None
    ) -> None:
        self.scope = scope
        self.module = module
        self.library = library
        self.fault = fault


_named: set[str] = set()
_by_metadata: dict[str, Announcement | None] = {}


@cache  # the scan takes a while
def _read_announcements() -> Mapping[str, Announcement]:
    found: dict[str, Announcement] = {}
    for entry in _iter_entry_points():
        made = _make_announcement(entry)
        former = found.get(made.scope)
        if former is None or former.module != made.module:
            found[made.scope] = made if former is None else _make_conflict(former, made)
    return found


def _iter_entry_points() -> Iterator[EntryPoint]:
    from importlib.metadata import distributions, entry_points

    try:
        yield from entry_points(group=GROUP)
    except Exception:  # noqa: BLE001  # a file of entry points that can't be read concerns its library alone
        for library in distributions():
            try:
                yield from library.entry_points.select(group=GROUP)
            except Exception:  # noqa: BLE001  # as above
                continue


def _make_announcement(entry: EntryPoint) -> Announcement:
    fault = None
    if not (entry.name.isidentifier() and _MODULE.fullmatch(entry.value)):
        fault = (
            f"{_format_name(entry.dist)} announces the scope {entry.name!r} by {entry.value!r}; an "
            f"entry point of {GROUP} must be a scope and a module, as in my_lib = my_lib.registry"
        )
    return Announcement(entry.name, entry.value, entry.dist, fault)


def _make_conflict(first: Announcement, second: Announcement) -> Announcement:
    both = " and ".join(
        f"{_format_name(each.library)} by {each.module!r}" for each in (first, second)
    )
    fault = f"two libraries announce the scope {first.scope!r}: {both}. Uninstall one of them"
    return Announcement(first.scope, first.module, first.library, fault)


def _format_name(library: Distribution | None) -> str:
    return "a distribution" if library is None else f"the distribution {library.name}"


def announced_scopes() -> Mapping[str, str]:
    """Return the registry module of each scope that an installed library announces."""
    return {
        scope: each.module for scope, each in _read_announcements().items() if each.fault is None
    }


def announced_packages() -> Mapping[str, str]:
    """Return the package of each scope that an installed library announces."""
    return {scope: module.partition(".")[0] for scope, module in announced_scopes().items()}


def forget_scopes() -> None:
    """Forget which libraries are installed, so that the next lookup of a scope looks again."""
    _read_announcements.cache_clear()
    _by_metadata.clear()


def name_scope(scope: str) -> None:
    """Allow the library of a scope that code names to be found without an announcement."""
    _named.add(scope)


def is_installed(package: str) -> bool:
    """Return whether a package is installed, without its import."""
    from importlib.util import find_spec  # deferred: a lookup that succeeds needs none

    if sys.modules.get(package) is not None:
        return True
    try:
        return package.isidentifier() and find_spec(package) is not None
    except Exception:  # noqa: BLE001  # a finder may fail for a wrong name
        return False


def find_library(scope: str, *, is_code: bool = False) -> Announcement | None:
    """Return the library of a scope, without an import, or None if there is none.

    Args:
        scope: The scope.
        is_code: Whether code names the scope, so that any package with registries will do.
    """
    if scope in _read_announcements():
        return _read_announcements()[scope]
    if scope not in _by_metadata:
        _by_metadata[scope] = _find_by_metadata(scope)
    found = _by_metadata[scope]
    if found is None and (is_code or scope in _named or is_allowed(scope)):
        return Announcement(scope, f"{scope}.registry", None) if _has_registry(scope) else None
    return found


def _find_by_metadata(scope: str) -> Announcement | None:
    from importlib.metadata import PackageNotFoundError, distribution

    if not _has_registry(scope):
        return None
    try:
        candidates = [distribution(scope)]
    except (PackageNotFoundError, ValueError):
        candidates = [*_iter_owners(scope)]
    for library in candidates:
        if any(_get_required_name(line) in _ENGINES for line in library.requires or ()):
            return Announcement(scope, f"{scope}.registry", library)
    return None


def _iter_owners(package: str) -> Iterator[Distribution]:
    """Yield the distributions of a package, in a tenth of the time of `packages_distributions`."""
    from importlib.metadata import distributions

    for each in distributions():
        names = (each.read_text("top_level.txt") or "").split()
        if package in names or f"\n{package}/" in f"\n{each.read_text('RECORD') or ''}":
            yield each


def _has_registry(package: str) -> bool:
    """Return whether a package has a module `registry`, without importing either."""
    from importlib.machinery import PathFinder
    from importlib.util import find_spec

    if not package.isidentifier():
        return False
    try:
        spec = find_spec(package)
        folders = None if spec is None else spec.submodule_search_locations
        return folders is not None and PathFinder.find_spec("registry", [*folders]) is not None
    except (ImportError, ValueError):  # a module without a spec, such as `__main__`
        return False


def _get_required_name(line: str) -> str:
    found = re.match(r"[\w.-]+", line)
    return "" if found is None else re.sub(r"[-_.]+", "-", found[0]).lower()


def _iter_known_libraries() -> Iterator[str]:
    """Yield the scopes of libraries that the installed ones name, installed or not."""
    yield from announced_scopes()
    for own in _find_engine():
        yield from _iter_companions(own, extra=_COMPANIONS)
    for each in _read_announcements().values():
        if each.library is not None:
            yield from _iter_companions(each.library)


def _find_engine() -> list[Distribution]:
    """Return the distribution of engine; none if only its sources are on the path."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return [distribution("engine")]
    except PackageNotFoundError:
        return []


def _iter_companions(library: Distribution, extra: str | None = None) -> Iterator[str]:
    """Yield the packages that a library requires, in one of its extras or in any."""
    for line in library.requires or ():
        if extra is None or re.search(rf"extra\s*==\s*['\"]{extra}['\"]", line):
            yield _get_required_name(line).replace("-", "_")


def import_scope(scope: str, *, is_code: bool = False) -> None:
    """Import the registry module of `scope`, by which its registries join their trees.

    Args:
        scope: The scope.
        is_code: As in `find_library`.

    Raises:
        ScopeNotInstalledError: If no library of that scope is installed.
        NotRegisteredError: If a package of that name is installed, but it is not a library.
        ScopeImportError: If the import fails, which is the cause; if the announcement is wrong; or
            if a library that it requires is installed in a version that does not fit.
    """
    library = find_library(scope, is_code=is_code)
    if library is None:
        raise _make_unknown_scope_error(scope, is_code or scope in _named)
    if library.fault is not None:
        raise ScopeImportError(library.fault)
    _check_versions(library)
    try:
        import_module(library.module)
    except (Exception, SystemExit) as error:  # whatever a library does when it is imported
        raise ScopeImportError(
            f"the library of the scope {scope!r} is installed, but the import of "
            f"{library.module} fails: {type(error).__name__}: {error}"
        ) from error


def _make_unknown_scope_error(scope: str, is_code: bool) -> NotRegisteredError:
    """Return the error for an unknown scope; it advises to install known libraries only."""
    known = dict.fromkeys(_iter_known_libraries())
    best = scope if scope in known else next(iter(close_matches(scope, known, n=1)), None)
    if best is not None and not is_installed(best):
        what = f"the library of the scope {scope!r}"
        if best != scope:
            what = f"no library has the scope {scope!r}; did you mean {best!r}? It"
        return ScopeNotInstalledError(f"{what} is not installed. Install it: pip install {best}")
    if _has_registry(scope):
        return NotRegisteredError(
            f"{scope!r} is a Python package that is not announced as a library (by an entry point "
            f"of {GROUP}), so data can't import it. {HOW_TO_ALLOW.format(scope)}"
        )
    if is_installed(scope):
        return NotRegisteredError(
            f"{scope!r} is a Python package without registries, so it is not a scope; in data, a "
            f"dotted path names what is registered. {HOW_TO_ALLOW.format(scope)}"
        )
    text = f"no installed library has the scope {scope!r}"
    if best is not None or is_code:
        hint = "" if best is None else f"; did you mean {best!r}?"
        return ScopeNotInstalledError(f"{text}{hint}")
    return ScopeNotInstalledError(
        f"{text}, and data can't name another package unless it is trusted (trust=True, --trust) "
        f"or a program opens that by engine.registry.allow({scope!r})"
    )


def import_announced() -> Mapping[str, str]:
    """Import the registry modules of all installed libraries.

    Returns:
        The error messages of the libraries that fail, by scope; the others are imported.
    """
    failures = {}
    for scope in _read_announcements():
        try:
            import_scope(scope)
        except NotRegisteredError as error:
            failures[scope] = str(error)
    return failures


def _check_versions(announcement: Announcement) -> None:
    """Compare what a library requires with the versions of engine and of other libraries.

    An installer does that too, but not for what is copied without one or replaced later.

    Raises:
        ScopeImportError: If a version does not fit, or a requirement is not valid.
    """
    library = announcement.library
    if library is None or announcement.module in sys.modules:
        return
    from packaging.requirements import (  # deferred: only a first lookup needs it
        InvalidRequirement,
        Requirement,
    )
    from packaging.utils import canonicalize_name

    others = [each.library for each in _read_announcements().values() if each.library is not None]
    installed = {canonicalize_name(each.name): each.version for each in (*_find_engine(), *others)}
    for line in library.requires or ():
        try:
            required = Requirement(line)
        except InvalidRequirement as error:
            raise ScopeImportError(
                f"{library.name} {library.version} requires {line!r}, which is not valid"
            ) from error
        version = installed.get(canonicalize_name(required.name))
        applies = required.marker is None or required.marker.evaluate({"extra": ""})
        if version is None or not applies:
            continue
        if not required.specifier.contains(version, prereleases=True):
            wanted = f"{required.name}{required.specifier}"
            raise ScopeImportError(
                f"{library.name} {library.version} needs {wanted}, but {required.name} {version} "
                f"is installed. Install what fits: pip install {library.name} {wanted!r}"
            )


def import_location(location: str, name: str | None = None) -> bool:
    """Import a module whose import registers, and the names of a lazy package.

    Args:
        location: The module.
        name: The only name of a lazy package that is needed, if it is one of them.

    Returns:
        Whether all of it is imported.

    Raises:
        ScopeImportError: If the import fails, which is the cause.
    """
    try:
        module = import_module(location)
        for each in getattr(module, "__all__", ()):
            if name is None or each == name:
                getattr(module, each)
        return name is None or not hasattr(module, "__getattr__")
    except (Exception, SystemExit) as error:  # whatever a library does when it is imported
        raise ScopeImportError(
            f"the import of {location}, which a registry names in its locations, fails: "
            f"{type(error).__name__}: {error}"
        ) from error
