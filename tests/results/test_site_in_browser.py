"""The static site in a browser, opened as files: search, widths, and reading without a script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from golden_race import crowd_standing
from playwright.sync_api import Browser, Page, sync_playwright

from results.site import PAGE_ROWS, write_site

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
LONG = "de Montgolfier-Castellane de la Tour d'Auvergne et de Bourgogne"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stick")
    winner = {"first_name": "Élodie-Anne", "last_name": LONG, "club": "X" * 120}
    write_site(crowd_standing(PAGE_ROWS + 50, first=winner), folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield chromium
        chromium.close()


def open_page(browser: Browser, path: Path, width: int = 390, *, script: bool = True) -> tuple[Page, list[str]]:
    page = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=script).new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("requestfailed", lambda request: troubles.append(request.url))
    page.on("request", lambda request: request.url.startswith("file:") or troubles.append(request.url))
    page.goto(path.as_uri())
    return page, troubles


def test_a_runner_is_found_by_name_without_accents_and_by_bib(browser: Browser, site: Path) -> None:
    page, troubles = open_page(browser, site / "index.html")
    page.fill("#q", "elodie anne mont")
    page.wait_for_selector("#found a")
    assert page.locator("#found a").count() == 1
    assert LONG.upper() in page.inner_text("#found")
    page.fill("#q", str(PAGE_ROWS + 7))
    first = page.locator("#found a").first
    assert f"COUREUR {PAGE_ROWS + 7}" in first.inner_text()
    first.click()
    page.wait_for_url("**/scratch_2.html#r*")
    assert f"COUREUR {PAGE_ROWS + 7}" in page.inner_text("tr:target")
    page.fill("#q", "nobody of this name")
    page.wait_for_selector("#found .note")
    assert not troubles


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_screen(browser: Browser, site: Path, width: int) -> None:
    page, troubles = open_page(browser, site / "index.html", width)
    for name in ("index.html", "category.html", "category-m0m_2.html", "en/scratch_2.html"):
        page.goto((site / name).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert not troubles


def test_without_a_script_the_lists_are_read_and_leafed_through(browser: Browser, site: Path) -> None:
    page, troubles = open_page(browser, site / "scratch.html", script=False)
    assert page.locator("tbody tr").count() == PAGE_ROWS
    assert not page.is_visible("#q")
    page.click(".more a")
    assert page.locator("tbody tr").count() == 50
    page.click("text=English")
    assert page.get_attribute("html", "lang") == "en"
    assert not troubles


def test_the_choice_of_dark_is_kept_from_page_to_page(browser: Browser, site: Path) -> None:
    page, _ = open_page(browser, site / "scratch.html")
    page.click("#theme")
    assert page.get_attribute("html", "data-theme") == "tente"
    page.click("text=Hommes")
    page.wait_for_load_state()
    assert page.get_attribute("html", "data-theme") == "tente"
