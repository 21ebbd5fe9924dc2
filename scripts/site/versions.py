"""The versions of the site, each in a folder of its own, and the way to the newest."""

from __future__ import annotations

import json
from pathlib import Path

from packaging.version import InvalidVersion, Version

_REDIRECT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={version}/index.html">
<link rel="icon" href="data:,">
<title>engine</title>
<a href="{version}/index.html">{version}</a>
</html>
"""


def write(site: Path) -> None:
    """Write the list that the switch of versions reads, and the page that leads to the newest."""
    names = sorted((page.parent.name for page in site.glob("*/index.html")), key=_age, reverse=True)
    listed = [{"version": name, "title": name, "aliases": []} for name in names]
    listed[0]["aliases"] = ["latest"]
    (site / "versions.json").write_text(json.dumps(listed, indent=2) + "\n", "utf-8")
    (site / "index.html").write_text(_REDIRECT.format(version=names[0]), "utf-8")


def _age(name: str) -> tuple[bool, Version]:
    """Order names as versions; what is no version, such as `dev`, is older than all."""
    try:
        return True, Version(name)
    except InvalidVersion:
        return False, Version("0")
