"""Version numbers and commits."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

# After https://packaging.python.org/en/latest/specifications/version-specifiers/.
_VERSION = re.compile(
    r"""v?(?:\d+!)?
    (?P<release>\d+(?:\.\d+)*)
    (?:[._-]?(?P<stage>alpha|a|beta|b|preview|pre|rc|c)[._-]?(?P<stage_number>\d*))?
    (?P<post>(?:[._-]?(?:post|rev|r)[._-]?|-(?=\d))(?P<post_number>\d*))?
    (?P<dev>[._-]?dev[._-]?(?P<dev_number>\d*))?
    (?:\+[a-z0-9]+(?:[._-][a-z0-9]+)*)?""",
    re.VERBOSE | re.IGNORECASE,
)
_STAGES = {"a": -3, "b": -2, "c": -1, "p": -1, "r": -1}  # by first letters
_DEV = -4


def digit_version(version_str: str, length: int = 4) -> tuple[int, ...]:
    """Return a version as numbers that compare as versions do.

    A development release comes before alpha, alpha before beta, that before a release candidate,
    and that before the release. A local part (`+cu130`) does not count.

    Args:
        version_str: The version.
        length: How many numbers of the release count; missing ones are 0.

    Returns:
        These numbers, then one for the stage (0 for a release) and the number within the stage.

    Raises:
        TypeError: If this is no text.
        ValueError: If this is no version.
    """
    if not isinstance(version_str, str):
        raise TypeError(f"a version is a text such as '1.2.0', not {version_str!r}")
    match = _VERSION.fullmatch(version_str.strip())
    if match is None:
        raise ValueError(f"{version_str!r} is not a version, such as '1.2.0' or '2.0.0rc1'")
    numbers = [int(number) for number in match["release"].split(".")]
    release = (numbers + [0] * length)[:length]
    if match["stage"]:
        stage = _STAGES[match["stage"][0].lower()], int(match["stage_number"] or 0)
    elif match["post"]:
        stage = 1, int(match["post_number"] or 0)
    elif match["dev"]:
        stage = _DEV, int(match["dev_number"] or 0)
    else:
        stage = 0, 0
    return (*release, *stage)


def get_git_hash(
    fallback: str = "unknown", digits: int | None = None, cwd: str | Path | None = None
) -> str:
    """Return the commit of a git repository.

    Args:
        fallback: What to return without git, or outside of a repository.
        digits: How many characters of the hash to return; None means all.
        cwd: A folder of the repository; None means the current one.

    Raises:
        TypeError: If `digits` is no number.
    """
    if digits is not None and not isinstance(digits, int):
        raise TypeError(f"digits is a number or None; got {digits!r}")
    command = ["git", "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # there is no git
        return fallback
    return fallback if done.returncode else done.stdout.strip()[:digits]
