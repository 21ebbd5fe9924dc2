"""Builds the documentation site from docs/ and from what the sources say; a warning is an error.

scripts/docs                  the site of this working tree, in site/dev/
scripts/docs --version 0.2    the same in site/0.2/, beside other versions
scripts/docs --serve          the same, and serves site/ on this machine
"""

from __future__ import annotations

import argparse
import functools
import http.server
import logging
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import links
import pages
import reference
import versions
import yaml
import zensical

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("zensical.toml")


class SiteError(Exception):
    """What keeps the site from being built."""


class _Warnings(logging.Handler):
    """Keeps what is warned of by what reads the docstrings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def build(root: Path, out: Path, version: str) -> links.Links:
    """Build one version of the site into a folder of its own in `out`.

    Returns:
        Its links, all of which lead somewhere.

    Raises:
        SiteError: Something was warned of. What was there before stays as it is.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        config = _stage(root, stage)
        # A writer for TOML would be one more dependency; this format has the same keys.
        (stage / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
        _render(stage / "mkdocs.yml")
        (stage / "site" / "404.html").unlink()  # its links need to know where the site is
        found = links.follow(stage / "site")
        if found.broken:
            raise SiteError("\n".join(["the site has broken links:", *found.broken]))
        shutil.rmtree(out / version, ignore_errors=True)
        shutil.copytree(stage / "site", out / version)
    versions.write(out)
    return found


def _stage(root: Path, stage: Path) -> dict[str, Any]:
    """Write all pages, and return the configuration for them."""
    config: dict[str, Any] = tomllib.loads(CONFIG.read_text("utf-8"))["project"]
    sources = sorted(root.glob("packages/*/src"))
    shutil.copytree(CONFIG.with_name("assets"), stage / "docs" / "assets")
    pages.Pages(root, config.get("repo_url")).write(stage / "docs")
    for group in config["nav"]:
        if "Reference" in group:
            group["Reference"] = reference.write(stage / "docs", sources)
    written = {page.relative_to(stage / "docs").as_posix() for page in stage.rglob("*.md")}
    differ = sorted(written.symmetric_difference(_listed(config["nav"])))
    if differ:
        raise SiteError(
            "the navigation in scripts/site/zensical.toml has to have each page once: "
            + ", ".join(
                f"{page} {'is missing' if page in written else 'is not there'}" for page in differ
            )
        )
    python = config["plugins"]["mkdocstrings"]["handlers"]["python"]
    python["paths"] = [str(source) for source in sources]
    python["options"]["preload_modules"] = reference.libraries(sources)
    return config


def _listed(nav: Any) -> list[str]:
    """Return the pages of a navigation."""
    if isinstance(nav, str):
        return [nav]
    inner = nav.values() if isinstance(nav, dict) else nav
    return [page for each in inner for page in _listed(each)]


def _render(config: Path) -> None:
    warnings = _Warnings()
    logging.getLogger().addHandler(warnings)
    try:
        zensical.build(str(config), {"clean": True, "strict": True})
    except RuntimeError as error:
        raise SiteError(f"the pages have mistakes, see above: {error}") from None
    finally:
        logging.getLogger().removeHandler(warnings)
    if warnings.messages:
        raise SiteError("\n".join(["the docstrings have mistakes:", *warnings.messages]))


def serve(folder: Path, port: int) -> None:
    """Serve a folder to browsers on this machine, until interrupted."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"Serving http://127.0.0.1:{server.server_port}/, until Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main() -> None:
    """Build, and serve if asked to."""
    parser = argparse.ArgumentParser(
        prog="scripts/docs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", default="dev", help="what the version is called; dev if not said"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "site", help="the folder of the site; site/"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the repository")
    parser.add_argument("--serve", action="store_true", help="serve it on this machine")
    parser.add_argument("--port", type=int, default=8000, help="for --serve; 8000 if not said")
    options = parser.parse_args()
    if Path(options.version).name != options.version:
        parser.error(f"--version is the name of a folder, such as 0.2; got {options.version!r}")
    try:
        found = build(options.root.resolve(), options.out.resolve(), options.version)
    except (SiteError, pages.PageError) as error:
        sys.exit(f"scripts/docs: {error}")
    print(f"{found.pages} pages, {found.followed} links followed: {options.out / 'index.html'}")
    if options.serve:
        serve(options.out, options.port)


if __name__ == "__main__":
    main()
