"""Detection of URLs."""

from __future__ import annotations


def is_url(name: object) -> bool:
    """Return whether the text of a name is a URL, such as `s3://bucket/x.pth`, and no path."""
    return "://" in str(name)
