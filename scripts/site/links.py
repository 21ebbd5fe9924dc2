"""The links of a built site: each leads to a page, an anchor or a file that is there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_URLS = {"href", "src", "data", "poster"}
_PAGES = {"alternate", "canonical", "next", "prev"}  # <link> with these relations loads nothing


@dataclass
class _Page(HTMLParser):
    """What the HTML of a page says on links: its anchors, and what it leads to or loads."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        leads = tag == "a" or dict(attrs).get("rel") in _PAGES
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag, name) == ("a", "name"):
                self.anchors.add(value)
            elif name in _URLS:
                (self.links if leads else self.loads).append(value)


@dataclass
class Links:
    """The links of a site.

    Args:
        pages: How many pages there are.
        followed: How many links lead to a page or a file of the site.
        broken: Those that lead nowhere, and what is loaded from another host; one line each.
    """

    pages: int = 0
    followed: int = 0
    broken: list[str] = field(default_factory=list)


def follow(site: Path) -> Links:
    """Follow all links within a site, in a folder."""
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    found = Links(pages=len(pages))
    for path, page in pages.items():
        where = path.relative_to(site)
        for url in dict.fromkeys([*page.links, *page.loads]):
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                if url in page.loads and parts.scheme != "data":
                    found.broken.append(f"{where} loads {url} from another host")
                continue
            target = (
                Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            )
            if target.is_dir():
                target /= "index.html"
            anchor = unquote(parts.fragment)
            found.followed += 1
            if not target.is_file() or not target.is_relative_to(site):
                found.broken.append(f"{where} links to {url}, which is not there")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                found.broken.append(f"{where} links to {url}; that page has no such anchor")
    return found


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text("utf-8"))
    return page
