"""The version of MMEngine that libraries find."""

from __future__ import annotations

__version__ = "0.10.7"


def parse_version_info(version_str: str) -> tuple[int | str, ...]:
    """Return the numbers of a version, with a release candidate as `'rc1'`.

    Args:
        version_str: A version, such as `'0.10.7'` or `'1.0.0rc1'`.
    """
    parts: list[int | str] = []
    for part in version_str.split("."):
        number, rc, candidate = part.partition("rc")
        parts += [int(number), f"rc{candidate}"] if rc else [int(part)]
    return tuple(parts)


version_info = parse_version_info(__version__)
