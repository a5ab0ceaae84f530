"""Lists, search and runners' pages in a browser, on a real server: what a reader sees while the race moves."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from moving_race import MovingRace
from pictures import picture
from playwright.async_api import Browser, ConsoleMessage, Page, expect
from show_moving_race import ShownRace
from test_live_page import CHROMIUM
from test_live_page import browser as browser

from results.people import Audience
from results.runner_card import runner_card
from results.web.app import build_app
from results.web.server import LiveServer
from timing.instants import MINUTE
from timing.times import Status

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

PATHS = (
    "/", "/lists/scratch", "/en/lists/sex-F", "/lists/category", "/clubs", "/search?q=ves", "/runners/17",
    "/en/runners/17/why", "/runners/nobody",
)  # fmt: skip

COMPLAINTS: list[str] = []

BROWSER_SAYS = ("404 (Not Found)", "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE")
"""What a browser itself says of answers and links that are meant to fail here."""


@pytest.fixture(autouse=True)
def complaints() -> Iterator[list[str]]:
    """What browsers complained of: every complaint is an error of ours, of a script or of the security policy."""
    COMPLAINTS.clear()
    yield COMPLAINTS
    assert COMPLAINTS == []


async def opened(browser: Browser, url: str, *, width: int = 1280, height: int = 800, **how: Any) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": height}, **how)
    page = await context.new_page()

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(text in message.text for text in BROWSER_SAYS):
            COMPLAINTS.append(f"{url}: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: COMPLAINTS.append(f"{url}: the script failed: {error}"))
    await page.goto(url)
    return page


def served(shown: ShownRace, port: int = 0) -> LiveServer:
    return LiveServer(build_app(shown, reading_step_s=0.0), port=port)


async def rows_on(page: Page) -> list[str]:
    rows: list[str] = await page.evaluate("[...document.querySelectorAll('[data-row]')].map(row => row.dataset.row)")
    return rows


async def test_a_list_that_is_read_never_reorders_says_how_much_has_changed_and_is_renewed_when_asked(
    browser: Browser,
    race: MovingRace,
) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 90 * MINUTE)
    async with served(shown) as server:
        page = await opened(browser, f"{server.url}/lists/scratch")
        await page.evaluate("window.sameDocument = true")
        before = await rows_on(page)
        shown.show(race.first_gun_us + 130 * MINUTE)
        offered = page.locator(".changed .btn")
        await expect(offered).to_have_text(re.compile(r"^\d+ places ont changé, mettre à jour$"), timeout=10_000)
        assert await rows_on(page) == before
        ranked = shown.standing().shown.by_id["scratch"]
        now = [race.roster.entrants[n].bib for n in ranked.entrants[:50].tolist()]
        said = int((await offered.inner_text()).split(" ")[0])
        await offered.click()
        await expect(offered).to_be_hidden()
        after = await rows_on(page)
        assert said == len(set(after) - set(before))
        assert [key.split("|")[0] for key in after if key.split("|")[0]] == [
            bib for bib in now if shown.standing().people(Audience.PUBLIC)[race.roster.by_bib[bib]].bib
        ]
        assert await page.evaluate("window.sameDocument") is True
        assert await page.evaluate("document.activeElement.id") == "list"
        shown.hub.close()


async def test_a_reader_of_places_that_did_not_change_is_told_nothing(
    browser: Browser,
    race: MovingRace,
) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 100 * MINUTE)
    async with served(shown) as server:
        page = await opened(browser, f"{server.url}/lists/scratch?count=5")
        async with page.expect_response(re.compile("/api/lists/scratch"), timeout=10_000):
            shown.show(race.first_gun_us + 101 * MINUTE)
        await asyncio.sleep(0.2)
        await expect(page.locator(".changed .btn")).to_be_hidden()
        shown.hub.close()


async def test_the_first_page_fills_by_itself_while_nobody_stands_in_the_list(
    browser: Browser,
    race: MovingRace,
) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 50 * MINUTE)
    async with served(shown) as server:
        page = await opened(browser, server.url)
        await expect(page.locator(".nobody")).to_be_visible()
        shown.show(race.first_gun_us + 90 * MINUTE)
        await expect(page.locator("[data-row]")).to_have_count(12, timeout=10_000)
        await expect(page.locator("#firsts .ld").first).to_be_visible()
        shown.hub.close()


async def test_a_list_catches_up_after_the_server_was_away(browser: Browser, race: MovingRace) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 90 * MINUTE)
    first = served(shown)
    await first.start()
    page = await opened(browser, f"{first.url}/lists/scratch")
    before = await rows_on(page)
    await page.wait_for_timeout(500)
    shown.hub.close()
    await first.stop()
    again = ShownRace(race)
    again.show(race.first_gun_us + 130 * MINUTE)
    async with served(again, port=first.port):
        await expect(page.locator(".changed .btn")).to_have_text(re.compile("places ont changé"), timeout=20_000)
        assert await rows_on(page) == before
        again.hub.close()


async def test_who_is_looked_for_is_found_while_typing_and_by_the_keyboard_alone(
    browser: Browser,
    shown: ShownRace,
    server: LiveServer,
) -> None:
    page = await opened(browser, server.url)
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "q"
    await page.keyboard.type("byst hol")
    hits = page.locator("#found .hit")
    await expect(hits.first).to_contain_text("HOLMQVIST-BYSTRÖM")
    await page.keyboard.press("Escape")
    await expect(hits).to_have_count(0)
    await page.fill("#q", "")
    await page.keyboard.type("17")
    await expect(hits.first).to_contain_text("17")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{server.url}/runners/17")
    name = runner_card(shown.standing(), "17")
    assert name is not None
    await expect(page.locator("h1")).to_contain_text(name.person.family_name)


async def test_without_a_script_lists_search_and_why_are_plain_pages(
    browser: Browser,
    server: LiveServer,
) -> None:
    page = await opened(browser, f"{server.url}/lists/scratch", java_script_enabled=False)
    await page.fill("#q", "veselka")
    await page.click(".find .btn")
    await expect(page.locator(".hit").first).to_contain_text("VESELKA")
    await page.goto(f"{server.url}/runners/17")
    await page.click("#why summary")
    await page.click("#why-said a")
    await expect(page.locator(".why-list li").first).to_be_visible()


async def test_why_is_read_once_when_it_is_opened(
    browser: Browser,
    shown: ShownRace,
    server: LiveServer,
) -> None:
    page = await opened(browser, f"{server.url}/runners/17")
    assert shown.asked_why == []
    await page.click("#why summary")
    await expect(page.locator("#why-said .why-list").first).to_be_visible()
    await page.click("#why summary")
    await page.click("#why summary")
    await page.wait_for_timeout(200)
    assert shown.asked_why == ["17"]


async def test_the_page_of_somebody_running_follows_without_a_reload(
    browser: Browser,
    race: MovingRace,
) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 70 * MINUTE)
    standing = shown.standing()
    bib = next(
        entrant.bib
        for n, entrant in enumerate(race.roster.entrants)
        if entrant.public and standing.times.status[n] == Status.STARTED and race.truth_us[2][n] > 0
    )
    async with served(shown) as server:
        page = await opened(browser, server.url)
        await page.clock.install()
        await page.goto(f"{server.url}/runners/{bib}")
        await expect(page.locator(".status-now")).to_contain_text("En course")
        await page.evaluate("window.sameDocument = true")
        shown.show(race.first_gun_us + 300 * MINUTE)
        await page.clock.fast_forward(30_000)
        card = runner_card(shown.standing(), bib)
        assert card is not None
        assert card.status is Status.FINISHED
        await expect(page.locator(".status-now")).to_have_count(0)
        await expect(page.locator("#splits .last td").nth(1)).to_contain_text("'")
        assert await page.evaluate("window.sameDocument") is True
        shown.hub.close()


@pytest.mark.parametrize("path", PATHS)
async def test_no_page_scrolls_sideways_and_targets_fit_a_thumb(
    browser: Browser,
    server: LiveServer,
    path: str,
) -> None:
    page = await opened(browser, server.url + path)
    for width, height in ((320, 640), (390, 844), (1024, 768), (1280, 800), (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        small = await page.evaluate(
            """[...document.querySelectorAll("a, button, summary, input")]
            .filter((node) => node.offsetParent && node.offsetHeight < 44).map((node) => node.outerHTML.slice(0, 99))"""
        )
        assert small == []
        await picture(page, path)


@pytest.mark.parametrize("path", PATHS)
async def test_every_page_has_one_heading_its_landmarks_and_names_for_what_is_drawn_and_typed(
    browser: Browser,
    server: LiveServer,
    path: str,
) -> None:
    page = await opened(browser, server.url + path)
    for landmark in ("header", "main", "footer"):
        assert await page.locator(f"body > {landmark}").count() == 1
    assert await page.locator("h1").count() == 1
    nameless = await page.evaluate(
        """[...document.querySelectorAll("nav:not(.tools), svg[role=img], section, input")].filter((node) => !(
        node.getAttribute("aria-label") || document.getElementById(node.getAttribute("aria-labelledby") || "-")
        || (node.labels && node.labels.length))).map((node) => node.outerHTML.slice(0, 100))"""
    )
    assert nameless == []
    hidden = await page.evaluate(
        "[...document.querySelectorAll('svg')].filter(s => !s.closest('[aria-hidden=true], [role=img]')).length"
    )
    assert hidden == 0
    await page.set_viewport_size({"width": 390, "height": 800})
    for table in await page.locator("table.tbl-list").all():
        assert await table.get_attribute("role") == "table"
        assert await table.locator("tbody [role=row]").count() == await table.locator("tbody tr").count()
