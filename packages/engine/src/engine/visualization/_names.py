"""Escaping of picture and scalar names."""

from __future__ import annotations

import re

# What would mean another file, or none: an escape within the name itself, a slash beside
# which there is nothing, and the folders `.` and `..`.
_PATH = r"-(?=x[0-9A-F])|(?:\A|(?<=/))/|/\Z|(?:\A|(?<=/))\.(?=\.?(?:/|\Z))"
_NO_FILE = re.compile(rf'{_PATH}|[\x00-\x1f\x7f<>:"\\|?*]')
_NOT_FOR_MLFLOW = re.compile(rf"{_PATH}|[^/\w.\- ]")


def as_file_name(name: str) -> str:
    """Return a name as that of a file below a folder, in which slashes make further folders.

    What can't stand in one is written as its code point, `-x3F-` for a question mark, so that
    different names stay different.
    """
    return _NO_FILE.sub(_escape, name)


def as_mlflow_name(name: str) -> str:
    """Return a name as MLflow takes it, escaped as that of a file: letters, digits and `_-./ `."""
    return _NOT_FOR_MLFLOW.sub(_escape, name)


def _escape(found: re.Match[str]) -> str:
    return f"-x{ord(found[0]):X}-"
