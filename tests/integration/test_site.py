"""The documentation site: it is built strictly, from the guides and what the sources say."""

from __future__ import annotations

import functools
import http.server
import json
import re
import runpy
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
FACES = sorted(ROOT.glob("packages/*/src/**/__init__.pyi"))

PART = '''\
"""Parts."""

raise RuntimeError("this module is not for importing")


class Part:
    """A part, for [another][engine.others.Other].

    Args:
        size: Its size.
    """

    def __init__(self, size: int) -> None: ...

    def grown(self, by: int) -> Part:
        """Return a larger one."""

    def _secret(self) -> None:
        """Do what nobody has to know."""


def helper() -> None:
    """Help, in private."""
'''


def build(out: Path, *options: str | Path) -> str:
    """Build the site, and return what the build prints, without colors."""
    script = ROOT / "scripts" / "site" / "build.py"
    words = [sys.executable, script, "--out", out, *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    printed = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)
    assert (done.returncode == 0) == ("links followed" in printed), printed
    return printed


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, with one version of it."""
    out = tmp_path_factory.mktemp("site")
    printed = build(out, "--version", "0.2")
    followed = re.search(r"(\d+) pages, (\d+) links followed", printed)
    assert followed, printed
    assert int(followed[1]) == len([*out.glob("0.2/**/*.html")])
    assert int(followed[2]) > 5000
    return out


def make_repository(root: Path) -> Path:
    """Write a repository that has the guides of this one, and libraries of a few lines."""
    shutil.copytree(ROOT / "docs", root / "docs")
    for page in [*ROOT.glob("*.md"), *ROOT.glob("packages/*/CHANGELOG.md")]:
        (copy := root / page.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, copy)
    (root / "tests" / "integration" / "mmgamma").mkdir(parents=True)
    for folder, library in {"engine": "engine", "alpha": "mmalpha", "beta": "mmbeta"}.items():
        package = root / "packages" / folder / "src" / library
        (package / "others").mkdir(parents=True)
        (package / "__init__.py").write_text('"""A library."""\n')
        (package / "__init__.pyi").write_text(
            "from ._parts import Part as Part\nfrom .others import Other as Other\n"
        )
        (package / "_parts.py").write_text(PART)
        (package / "others" / "__init__.py").write_text('"""Others."""\n')
        (package / "others" / "__init__.pyi").write_text("from ._other import Other as Other\n")
        (package / "others" / "_other.py").write_text('class Other:\n    """Another part."""\n')
    return root


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site of a small repository, beside two older versions."""
    root = make_repository(tmp_path_factory.mktemp("small") / "repository")
    for version in ("0.9", "0.10"):
        (root / "site" / version).mkdir(parents=True)
        (root / "site" / version / "index.html").touch()
    build(root / "site", "--root", root)
    return root / "site"


@pytest.mark.slow
def test_each_guide_has_a_page_and_each_public_name_an_entry(whole: Path) -> None:
    version = whole / "0.2"
    for guide in ROOT.glob("docs/*.md"):
        assert (version / f"{guide.stem}.html").exists()
    assert len(FACES) > 30
    for face in FACES:
        package = ".".join(face.parent.relative_to(face.parents[-1]).parts).partition(".src.")[2]
        page = (version / "reference" / f"{package}.html").read_text("utf-8")
        names = re.findall(r"^from \.\S* import \w+ as (\w+)$", face.read_text("utf-8"), re.M)
        assert names
        for name in names:
            entry = rf'id="{package}.{name}"|href="[^"]*#[\w.]+"><code>{name}</code></a>'
            assert re.search(entry, page), f"{package}.{name}"


@pytest.mark.slow
def test_what_only_the_tests_of_the_guides_need_is_not_shown(whole: Path) -> None:
    for guide in ROOT.glob("docs/*.md"):
        page = (whole / "0.2" / f"{guide.stem}.html").read_text("utf-8")
        shown = re.sub("<!--.*?-->", "", page, flags=re.S)
        assert "BLANKLINE" not in shown
        assert "bench finetune --write" not in shown


def test_the_reference_says_what_is_public_and_imports_nothing(small: Path) -> None:
    reference = small / "dev" / "reference"
    page = (reference / "engine.html").read_text("utf-8")
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page))
    assert 'id="engine.Part"' in page
    assert 'id="engine.Part.grown"' in page
    assert "grown(by: int) -> Part" in text.replace("&gt;", ">")
    assert "Parameters: size (int) " in text
    assert "secret" not in page
    assert "Help, in private" not in page
    # In the docstring, in its first line in the list of classes, and among the names of others:
    assert page.count('href="engine.others.html#engine.others.Other"') == 3
    assert 'id="engine.others.Other"' in (reference / "engine.others.html").read_text("utf-8")


def test_a_link_to_what_is_no_page_is_text(small: Path) -> None:
    page = (small / "dev" / "your-library.html").read_text("utf-8")
    assert "<code>tests/integration/mmgamma</code>" in page
    assert 'integration/mmgamma"' not in page
    assert 'href="contributing.html"' in (small / "dev" / "architecture.html").read_text("utf-8")


def test_it_is_a_link_once_the_repository_has_an_address() -> None:
    pages = runpy.run_path(str(ROOT / "scripts" / "site" / "pages.py"))["Pages"]
    text = pages(ROOT, "https://example.org/engine").text_of(ROOT / "docs" / "your-library.md")
    assert "(https://example.org/engine/tree/main/tests/integration/mmgamma)" in text


def test_the_newest_version_is_the_first(small: Path) -> None:
    listed = json.loads((small / "versions.json").read_text("utf-8"))
    assert [each["version"] for each in listed] == ["0.10", "0.9", "dev"]
    assert [each["aliases"] for each in listed] == [["latest"], [], []]
    assert "url=0.10/index.html" in (small / "index.html").read_text("utf-8")


def append(text: str) -> Callable[[Path], None]:
    """Return what appends a line to a guide."""

    def change(root: Path) -> None:
        with (root / "docs" / "hooks.md").open("a", encoding="utf-8") as page:
            page.write(f"\n{text}\n")

    return change


def add_page(root: Path) -> None:
    """Write a guide that no group of the navigation has."""
    (root / "docs" / "extra.md").write_text("# Extra\n")


def misspell(root: Path) -> None:
    """Name an argument in a docstring that is not there."""
    part = root / "packages" / "engine" / "src" / "engine" / "_parts.py"
    part.write_text(PART.replace("size: Its", "sise: Its"))


MISTAKES: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "page": (append("[x](nothing.md)"), ["docs/hooks.md:", "there is no file 'nothing.md'"]),
    "image": (append("![x](images/x.png)"), ["there is no file 'images/x.png'"]),
    "anchor": (
        append("[x](loops.md#nothing) [y][engine.Nothing]"),
        ["anchor does not exist", "unresolved autoref", "hooks.md:"],
    ),
    "html": (
        append('<a href="x.html">x</a> <img src="https://example.org/x.png">'),
        ["hooks.html links to x.html", "hooks.html loads https://example.org/x.png"],
    ),
    "docstring": (misspell, ["_parts.py:", "Parameter 'sise' does not appear"]),
    "navigation": (
        add_page,
        ["scripts/site/zensical.toml", "extra.md is missing"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error(mistake: str, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository")
    change, messages = MISTAKES[mistake]
    change(root)
    printed = build(tmp_path / "site", "--root", root)
    assert [message for message in messages if message not in printed] == [], printed
    assert "Traceback" not in printed
    assert not (tmp_path / "site").exists()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def address(whole: Path, small: Path) -> Iterator[str]:
    """Serve the site, with another version, as a web server would; return its address."""
    build(whole, "--root", small.parent)
    handler = functools.partial(_Quiet, directory=str(whole))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Return the front page; a complaint of the browser or a request to another host fails."""
    context = browser.new_context(color_scheme="light")
    opened = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    opened.on("console", lambda told: complaints.extend([told.text] * (told.type == "error")))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(address)
    opened.wait_for_url("**/0.2/index.html")
    yield opened
    assert complaints == []
    assert [url for url in requests if not url.startswith(address)] == []
    context.close()


def search(page: Page, words: str, heading: str) -> None:
    """Search, and go to the result under a heading."""
    field = page.get_by_placeholder("Search")
    field.wait_for(state="attached")
    page.keyboard.press("Control+k")
    field.fill(words)
    page.get_by_role("option", name=heading).first.click()


@pytest.mark.slow
def test_search_finds_guides_and_names(page: Page) -> None:
    search(page, "resume a training", "Checkpoints and resume")
    page.wait_for_url("**/checkpoints.html*")
    search(page, "EarlyStoppingHook", "EarlyStoppingHook")
    page.wait_for_url("**/reference/engine.hooks.html*#engine.hooks.EarlyStoppingHook")
    assert page.locator("[id='engine.hooks.EarlyStoppingHook']").is_visible()


@pytest.mark.slow
def test_search_without_a_server(browser: Browser, whole: Path) -> None:
    page = browser.new_page()
    page.goto((whole / "0.2" / "index.html").as_uri())
    search(page, "EarlyStoppingHook", "EarlyStoppingHook")
    page.wait_for_url("**/reference/engine.hooks.html*#engine.hooks.EarlyStoppingHook")
    page.close()


@pytest.mark.slow
def test_the_dark_switch(page: Page) -> None:
    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = background()
    page.get_by_title("Switch to light").click()
    assert background() == light
    page.get_by_title("Switch to dark").click()
    dark = background()
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 100
    page.get_by_role("link", name="Guides").first.click()
    page.wait_for_url("**/config.html")
    assert background() == dark


@pytest.mark.slow
def test_the_switch_of_versions(page: Page) -> None:
    switch = page.get_by_label("Select version")
    assert switch.inner_text() == "0.2"
    page.locator(".md-version").hover()
    page.get_by_role("link", name="dev", exact=True).click()
    page.wait_for_url("**/dev/**")
