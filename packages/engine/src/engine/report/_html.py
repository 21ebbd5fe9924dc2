"""HTML page of a report, which needs no other file and runs no script."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #24292f; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; }
p { margin: .2rem 0 .6rem; color: #57606a; max-width: 48rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #d8dee4; text-align: left; }
th { background: #f6f8fa; } td.number { text-align: right; }
.scroll { overflow: auto; max-height: 40rem; } .scroll th { position: sticky; top: 0; }
img { max-width: 100%; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr));
  gap: 1rem; }
figure { margin: 0; border: 1px solid #d8dee4; border-radius: 6px; padding: .5rem;
  overflow-wrap: anywhere; }
figure img { width: 100%; image-rendering: pixelated; }
figcaption { font-size: .82rem; } figcaption div { color: #57606a; }
figcaption b { color: #24292f; }
"""


class Pieces:
    """The pieces of a page, one below the other. All text that is handed over is escaped."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def __str__(self) -> str:
        return "\n".join(self._parts)

    def heading(self, text: str) -> None:
        """Add a heading."""
        self._parts.append(f"<h2>{escape(text)}</h2>")

    def note(self, text: str) -> None:
        """Add a paragraph, unless it is empty."""
        if text:
            self._parts.append(f"<p>{escape(text)}</p>")

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Add a table of names and values."""
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{_text(value)}</td></tr>"
            for name, value in facts.items()
        )
        self._parts.append(f"<table>{rows}</table>")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add a table, with numbers to the right."""
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
        self._parts.append(
            f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def image(self, png: bytes, alt: str) -> None:
        """Add an image."""
        self._parts.append(_image(png, alt))

    def gallery(self, images: Iterable[tuple[bytes, Mapping[str, Any]]]) -> None:
        """Add images side by side, each with facts below it."""
        figures = []
        for png, facts in images:
            lines = "".join(
                f"<div>{escape(name)} <b>{_text(value)}</b></div>"
                for name, value in facts.items()
                if value is not None
            )
            figures.append(f"<figure>{_image(png, '')}<figcaption>{lines}</figcaption></figure>")
        self._parts.append(f'<div class="gallery">{"".join(figures)}</div>')


def page(title: str, pieces: Pieces) -> str:
    """Return a whole page.

    Args:
        title: Its title.
        pieces: What is on it.
    """
    # The policy keeps a browser from fetching or running anything, whatever a name may hold.
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{pieces}\n</body>\n</html>\n"
    )


def _image(png: bytes, alt: str) -> str:
    data = b64encode(png).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}">'


def _cell(value: Any) -> str:
    kind = "" if isinstance(value, str) else ' class="number"'
    return f"<td{kind}>{_text(value)}</td>"


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "\N{EN DASH}"
    return escape(f"{value:.4f}" if isinstance(value, float) else str(value))
