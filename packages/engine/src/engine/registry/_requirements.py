"""Whether the versions of two libraries fit together."""

from __future__ import annotations

from ._errors import ScopeImportError

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution


def check_versions(library: Distribution, others: Iterable[Distribution]) -> None:
    """Hold what a library requires against the versions that are installed.

    An installer sees to that too, but not to what is put in place without one or replaced later.

    Args:
        library: The one with the requirements.
        others: Those whose versions count.

    Raises:
        ScopeImportError: If one of them has a version that the library does not work with, or a
            requirement of the library can't be read.
    """
    from packaging.requirements import (  # deferred: only a first look-up needs it
        InvalidRequirement,
        Requirement,
    )
    from packaging.utils import canonicalize_name

    installed = {canonicalize_name(other.name): other.version for other in others}
    for line in library.requires or ():
        try:
            required = Requirement(line)
        except InvalidRequirement as error:
            raise ScopeImportError(
                f"{library.name} {library.version} requires {line!r}, which is no requirement"
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
