"""The page of the explorer: one file, which needs no other and opens no connection."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

_SCRIPTS = ("dom.js", "names.js", "config.js", "page.js")


class Explorer:
    """What `explore` found.

    Args:
        data: The registries, names and configs, as plain data.
        seconds: How long it took to gather them.

    Attributes:
        data: The data.
        seconds: The seconds.
    """

    def __init__(self, data: Mapping[str, Any], seconds: float) -> None:
        self.data = data
        self.seconds = seconds

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return dict(self.data)

    def save(self, path: str | Path) -> Path:
        """Write the page, in place of a file that is there.

        Args:
            path: The file.
        """
        from engine.fileio import atomic_write  # deferred: one that is not saved needs no file

        with atomic_write(path, "w") as file:
            file.write(self.html)
        return Path(path)

    @property
    def html(self) -> str:
        """The text of the page.

        All texts are data, which no script runs and no markup holds: they reach the page as text.
        """
        style = _read("page.css")
        script = "\n".join(map(_read, _SCRIPTS))
        policy = (
            f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
            "base-uri 'none'; form-action 'none'"
        )
        page = _read("page.html")
        parts = {
            "POLICY": policy,
            "STYLE": style,
            "SCRIPT": script,
            "DATA": _dump(_pack(self.data)),
        }
        before, *rest = page.split("{{")
        for part in rest:
            name, _, after = part.partition("}}")
            before += parts[name] + after
        return before

    def _repr_html_(self) -> str:
        """Return the page in a frame, as a notebook shows it."""
        return (
            '<iframe sandbox="allow-scripts" allow="clipboard-write" width="100%" height="720" '
            f'style="border: 0" srcdoc="{escape(self.html)}"></iframe>'
        )

    def __repr__(self) -> str:
        names, configs = len(self.data["names"]), len(self.data["configs"])
        return f"Explorer(names={names}, configs={configs})"


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _pack(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with each list of arguments once, since all models of a source share one."""
    signatures: dict[str, int] = {}
    names = []
    for each in data["names"]:
        facts = {key: value for key, value in each.items() if value not in ([], None, "", False)}
        if "arguments" in facts:
            text = json.dumps(facts["arguments"])
            facts["arguments"] = signatures.setdefault(text, len(signatures))
        names.append(facts)
    return {**data, "names": names, "signatures": [*map(json.loads, signatures)]}


def _dump(data: Any) -> str:
    """Return JSON that can't end the script element that holds it, whatever a text has in it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
