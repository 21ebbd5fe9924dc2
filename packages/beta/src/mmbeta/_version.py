"""The version of the installed distribution."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("mmbeta")
except PackageNotFoundError:  # only its sources are on the path
    __version__ = "0+unknown"
