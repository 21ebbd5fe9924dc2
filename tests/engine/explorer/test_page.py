"""The page of the explorer in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.explorer import explore
from engine.registry import HOOKS

from .conftest import HOSTILE, MANY, make_roots

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OPTIONS = "[role=option]"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("explorer")
    config = folder / "mine.py"
    config.write_text(
        "_base_ = 'mmalpha::resnet18_digits.py'\n"
        "model = dict(backbone=dict(depth='fifty'))\n"
        f"x_note = {HOSTILE!r}\n"
    )
    roots = {**make_roots(), "HOOKS": HOOKS}
    found = explore([config], roots=roots, uses=False, tell=lambda _: None)
    return found.save(folder / "page.html").as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Return the page in a window of its own; whatever it complains of fails the test."""
    yield from _open(browser, address)


def _open(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    context = browser.new_context(**options)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    complaints: list[str] = []
    requests: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(dialog.message))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(address)
    yield opened
    assert complaints == []
    assert {each.partition("#")[0] for each in requests} == {address}
    context.close()


def _config_name(address: str) -> str:
    return address.removeprefix("file://").replace("page.html", "mine.py")


def _go(page: Page, target: str) -> None:
    page.evaluate("target => { location.hash = target }", target)


def _clipboard(page: Page) -> Any:
    return page.evaluate("navigator.clipboard.readText()")


def _heading(page: Page) -> str | None:
    return page.locator("h1:visible").text_content()


def test_search_and_open(page: Page) -> None:
    page.locator("#search").fill("weighs samples")
    assert page.locator("#count").text_content() == "1 name"
    option = page.locator(OPTIONS)
    assert option.locator("mark").all_text_contents() == ["weighs", "samples"]
    option.click()
    assert _heading(page) == "core.Loss"
    entry = page.locator("#entry")
    assert entry.locator("dt", has_text="weight").first.text_content() == "weight: float = 1.0"
    assert entry.get_by_text("How much it <b>counts</b>.").is_visible()
    assert entry.locator("dt", has_text="classes").text_content() == "classes: list[int]required"
    assert re.search(r"conftest\.py:\d+", entry.text_content() or "")
    assert page.url.endswith("#LOSSES/core.Loss")


def test_the_best_fit_is_the_first(page: Page) -> None:
    page.locator("#search").fill("part0042")
    assert page.locator(OPTIONS).first.text_content().startswith("core.Part0042")  # type: ignore[union-attr]
    page.locator("#search").fill("nothing like it")
    assert page.locator(OPTIONS).count() == 0
    assert page.get_by_text("Nothing has this in its name").is_visible()


def test_what_is_hidden(page: Page) -> None:
    _go(page, "LOSSES/library.Loss")
    box = page.locator(".box")
    assert box.text_content() == "As Loss alone, it hides LOSSES/core.Loss"
    box.locator("a").click()
    assert _heading(page) == "core.Loss"
    assert "LOSSES/library.Loss" in (page.locator(".box").text_content() or "")
    page.go_back()
    assert _heading(page) == "library.Loss"


def test_hostile_texts_are_texts(page: Page, address: str) -> None:
    page.locator("#search").fill("onerror")
    page.locator(OPTIONS).click()
    assert _heading(page) == f"core.{HOSTILE.replace('.', '')}"
    assert page.locator("#entry .lead").text_content() == HOSTILE
    assert page.get_by_text(f"= {HOSTILE!r}"[:40]).count() > 0  # a default
    _go(page, f"config={_config_name(address)}")
    assert page.get_by_label("x_note", exact=True).input_value() == HOSTILE
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert page.title() != "broken"


def test_keys_alone(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("loss")
    assert (
        page.locator("[aria-selected=true]").text_content()
        == "core.LossLOSSESA loss that weighs all samples."
    )
    page.keyboard.press("ArrowDown")
    active = page.locator("#search").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").text_content().startswith("library.Loss")  # type: ignore[union-attr]
    page.keyboard.press("Enter")
    assert _heading(page) == "library.Loss"
    assert page.evaluate("document.activeElement.textContent") == "library.Loss"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the button beside the name
    assert _clipboard(page) == "library.Loss"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "search"
    assert page.url.endswith("#")
    page.keyboard.press("Escape")
    assert page.locator("#search").input_value() == ""


def test_the_focus_is_seen(page: Page) -> None:
    for _ in range(6):
        page.keyboard.press("Tab")
        style = "getComputedStyle(document.activeElement)"
        assert page.evaluate(f"{style}.outlineStyle") == "solid"


def test_a_registry_and_a_library_are_addresses(page: Page) -> None:
    page.locator("#tree").get_by_text("LOSSES").click()
    assert page.locator("#count").text_content() == "5 names"
    page.locator("#tree").get_by_text("library").click()
    assert page.url.endswith("#LOSSES/library")
    assert page.locator("#count").text_content() == "1 name"
    assert page.evaluate("document.activeElement.textContent") == "library1"
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "core2"
    page.reload()
    assert page.locator("#tree [aria-current]").text_content() == "library1"


def test_thousands_of_names_are_few_elements(page: Page) -> None:
    _go(page, "PARTS")
    assert page.locator("#count").text_content() == f"{MANY:,} names"
    assert 10 < page.locator(OPTIONS).count() < 40
    page.locator("#options").focus()
    page.keyboard.press("End")
    last = page.locator("[aria-selected=true]")
    assert last.text_content().startswith(f"core.Part{MANY - 1}")  # type: ignore[union-attr]
    assert last.get_attribute("aria-posinset") == str(MANY)
    assert page.locator(OPTIONS).count() < 40


def test_dark_and_light(browser: Browser, address: str) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    for scheme, button, own, other in (
        ("light", "Dark", "rgb(255, 255, 255)", "rgb(13, 17, 23)"),
        ("dark", "Light", "rgb(13, 17, 23)", "rgb(255, 255, 255)"),
    ):
        for opened in _open(browser, address, color_scheme=scheme):
            assert opened.evaluate(background) == own
            opened.locator("#theme", has_text=button).click()
            assert opened.evaluate(background) == other
            opened.reload()
            assert opened.evaluate(background) == other


def test_a_narrow_window(browser: Browser, address: str) -> None:
    for opened in _open(browser, address, viewport={"width": 380, "height": 700}):
        for target in ("", "LOSSES/core.Loss", f"config={_config_name(address)}"):
            _go(opened, target)
            assert opened.evaluate("document.documentElement.scrollWidth") == 380
        _go(opened, "LOSSES")
        opened.locator(OPTIONS).first.click()
        assert not opened.locator("#options").is_visible()
        opened.get_by_role("button", name="Back").click()
        assert opened.locator("#options").is_visible()
        opened.get_by_label("Registry", exact=True).select_option("PARTS")
        assert opened.locator("#count").text_content() == f"{MANY:,} names"


def test_a_config(page: Page, address: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_text("mine.py").click()
    assert page.locator(".badge").first.text_content() == "1 error"
    depth = page.locator("[data-path='model.backbone.depth']")
    assert "must be int; got 'fifty'" in (depth.locator(".finding").text_content() or "")
    assert (depth.locator(".site").text_content() or "").endswith("mine.py:2")
    former = "overrode 18 of mmalpha/configs/_base_/resnet18_small.py:7"
    assert depth.locator(".before").text_content() == former
    page.locator("[data-path='default_hooks.checkpoint.type']").get_by_text("HOOKS").click()
    assert _heading(page) == "engine.CheckpointHook"
    page.locator("#entry").get_by_text("mine.py").click()
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "default_hooks.checkpoint.type"


def test_changes_become_options(page: Page, address: str) -> None:
    _go(page, f"config={_config_name(address)}")
    depth = page.locator("[data-path='model.backbone.depth']")
    depth.locator(".row").hover()
    depth.get_by_role("button").click()
    assert _clipboard(page) == "--cfg-options model.backbone.depth=fifty"
    page.get_by_label("model.backbone.depth", exact=True).fill("50")
    page.get_by_label("model.data_preprocessor.mean", exact=True).fill("[1, 2]")
    page.locator("#changes").get_by_role("button", name="Copy").click()
    text = "--cfg-options model.backbone.depth=50 'model.data_preprocessor.mean=[1, 2]'"
    assert _clipboard(page) == text
    page.get_by_label("model.backbone.depth", exact=True).press("Escape")
    assert page.locator("#changes code").text_content() == text.replace(
        " model.backbone.depth=50", ""
    )
    page.get_by_role("button", name="Reset").click()
    assert not page.locator("#changes").is_visible()
    assert page.get_by_label("model.data_preprocessor.mean", exact=True).input_value() == "[78.0]"


def test_a_config_by_keys(page: Page, address: str) -> None:
    _go(page, f"config={_config_name(address)}")
    page.keyboard.press("/")
    page.keyboard.type("backbone.depth")
    shown = page.locator(".leaf:visible")
    assert shown.count() == 1
    for _ in range(3):  # the buttons, and the first value
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert shown.count() == 0
    page.keyboard.press("ArrowRight")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "model.backbone.depth"
    page.keyboard.press("Escape")
    assert page.locator("#names").is_visible()


def test_the_page_in_the_frame_of_a_notebook(browser: Browser, tmp_path: Path) -> None:
    found = explore(roots={"LOSSES": make_roots()["LOSSES"]}, sources=False, uses=False)
    file = tmp_path / "notebook.html"
    file.write_text(f"<!DOCTYPE html><p>A notebook</p>{found._repr_html_()}", encoding="utf-8")
    opened = browser.new_page()
    opened.goto(file.as_uri())
    frame = opened.frame_locator("iframe")
    frame.locator("#search").fill("loss")
    frame.locator(OPTIONS).first.click()
    assert frame.locator("h1:visible").text_content() == "core.Loss"
    frame.locator("#entry").get_by_text("library").first.click()
    assert frame.locator("h1:visible").text_content() == "library.Loss"
    assert opened.get_by_text("A notebook").is_visible()
    opened.close()
