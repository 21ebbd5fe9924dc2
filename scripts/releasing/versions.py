"""The version that changes ask for."""

from __future__ import annotations

import re

from packaging.version import Version

from .programs import ReleaseError


def parse(text: str) -> Version:
    """Return a version of three numbers."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", text):
        raise ReleaseError(f"a version is three numbers, such as 0.2.0; not {text!r}")
    return Version(text)


def breaking_after(version: Version) -> Version:
    """Return the next version that may break a user's code, config or checkpoint."""
    if version.major == 0:
        return Version(f"0.{version.minor + 1}.0")
    return Version(f"{version.major + 1}.0.0")


def compatible_range(version: Version) -> str:
    """Return the range of versions from this one's series on, up to the next that may break."""
    first = Version(f"{version.major}.{version.minor}")
    end = breaking_after(version)
    return f">={first},<{end.major}.{end.minor}" if end.major == 0 else f">={first},<{end.major}"
