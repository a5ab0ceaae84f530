"""The pages in a browser, on a real server: what a person sees while a race moves."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from moving_race import HOSTILE, MovingRace
from playwright.async_api import Browser, Page, async_playwright, expect
from show_moving_race import ShownRace

from config.plan import MainRank
from results.list_states import ListStates, list_states, official_of, posting_of
from results.web.app import build_app
from results.web.server import LiveServer
from timing.instants import MINUTE, SECOND
from timing.late_data import LateData
from timing.rulings import Role

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def opened(browser: Browser, url: str, *, width: int = 1280, height: int = 800, **how: Any) -> Page:
    """A page whose stream has delivered; every message of its console is an error of ours."""
    context = await browser.new_context(viewport={"width": width, "height": height}, **how)
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the script failed: {error}"))
    await page.goto(url)
    return page


def figures_of(drawing: str) -> tuple[str, list[float]]:
    """A drawing as its letters, and its figures."""
    figure = re.compile(r"-?\d+(?:\.\d+)?")
    return figure.sub("#", drawing), [float(found) for found in figure.findall(drawing)]


def served(shown: ShownRace, port: int = 0) -> LiveServer:
    return LiveServer(build_app(shown, board_step_ms=200), port=port)


async def test_a_row_appears_and_takes_the_first_place_under_the_line(
    browser: Browser, shown: ShownRace, server: LiveServer, race: MovingRace
) -> None:
    page = await opened(browser, server.url)
    before = shown.view().board["arrivals"][0]["at_us"]
    after = min(us for us in race.truth_us[2].tolist() if us > before)
    newest = shown.show(after).board["arrivals"][0]
    first = page.locator("#arrivals .row").first
    await expect(first).to_have_attribute("data-key", newest["bib"] or str(newest["at_us"]))
    if not newest["withheld"]:
        await expect(first).to_contain_text(newest["last"])
    await expect(page.locator("#arrivals .row")).to_have_count(10)


async def test_the_order_of_the_leaders_changes_when_a_later_wave_is_faster(browser: Browser, race: MovingRace) -> None:
    """The last runner of the last wave comes home with the best time."""
    truth = race.truth_us.copy()
    last = len(race.roster) - 1
    sex = race.roster.entrants[last].sex
    gun = race.plan.race.waves[-1].planned_gun_us
    truth[:, last] = gun + SECOND, gun + 30 * MINUTE, gun + 60 * MINUTE
    shown = ShownRace(replace(race, truth_us=truth))
    shown.show(int(truth[2, last]) - SECOND)
    async with served(shown) as server:
        page = await opened(browser, server.url)
        first = page.locator(f"section[data-scope='{sex}'] .ld").first
        await expect(first).not_to_have_attribute("data-key", str(last + 1))
        second_before = await first.get_attribute("data-key")
        shown.show(int(truth[2, last]))
        await expect(first).to_have_attribute("data-key", str(last + 1))
        await expect(page.locator(f"section[data-scope='{sex}'] .ld").nth(1)).to_have_attribute(
            "data-key", second_before or ""
        )
        shown.hub.close()


@pytest.mark.parametrize("path", ["/", "/en", "/board", "/en/board"])
async def test_the_script_says_what_the_server_says(browser: Browser, race: MovingRace, path: str) -> None:
    """The page without its script and the page redrawn by it read the same, clocks and link aside."""
    shown = ShownRace(race)
    shown.show(race.first_gun_us - 30 * MINUTE)
    async with served(shown) as server:
        page = await opened(browser, server.url + path)
        plain = await opened(browser, server.url + path, java_script_enabled=False)
        for minutes in (-5, 20, 45, 100, 300):
            shown.show(race.first_gun_us + minutes * MINUTE, closed=minutes == 300, lag_us=7 * SECOND)
            await plain.goto(server.url + path)
            await _read_the_same(page, plain)
        late = LateData(
            point="GINESTE", reads=3_000, first_us=race.first_gun_us, last_us=race.first_gun_us + 40 * MINUTE,
            begun_us=race.first_gun_us + 80 * MINUTE, arrived_us=race.first_gun_us + 81 * MINUTE,
        )  # fmt: skip
        shown.show(race.first_gun_us + 100 * MINUTE, late=[late, replace(late, point="FINISH", reads=1)])
        await plain.goto(server.url + path)
        await expect(page.locator("#late")).to_contain_text("Late data" if "en" in path else "Données tardives")
        await _read_the_same(page, plain)
        shown.show(race.first_gun_us + 300 * MINUTE, closed=True, states=some_posted(race))
        await plain.goto(server.url + path)
        await expect(plain.locator("#leaders")).to_contain_text("official" if "en" in path else "liste officielle")
        await _read_the_same(page, plain)
        assert await page.locator("#leaders .pl.of").count() == await plain.locator("#leaders .pl.of").count() == 3
        shown.hub.close()


def some_posted(race: MovingRace) -> ListStates:
    """The first three men are official, the women posted."""
    rankings = race.rankings(race.times(race.first_gun_us + 300 * MINUTE))
    women, men = (ranked for ranked in rankings.lists if ranked.rule.main is MainRank.SEX)
    said: dict[str, Any] = {"at_us": 1, "author": "A", "role": Role.JURY}
    bodies = [
        posting_of(ranked, race.roster, through=1, protest_us=0, depth=depth, **said)
        for ranked, depth in ((women, None), (men, 3))
    ]
    return list_states([*bodies, official_of(list_states(bodies), men.id, **said)])


async def _read_the_same(page: Page, plain: Page) -> None:
    texts = ("#state", "#arrivals", "#leaders", "#counts", "#line", "#publication", "#lag", "#h-arrivals", "#points")
    texts = (*texts, "#firsts")
    for part in (*texts, "#flow-now"):
        for said in await plain.locator(part).all():
            await expect(page.locator(part)).to_have_text(await said.inner_text(), use_inner_text=True)
    for selector, name in (("#pines", "d"), ("#sun", "cx"), ("#flow .seen", "points"), ("#flow", "aria-label")):
        for drawn in await plain.locator(selector).all():
            if selector == "#sun" and await drawn.get_attribute("visibility") == "hidden":
                await expect(page.locator(selector)).to_have_attribute("visibility", "hidden")
                continue
            wanted = figures_of(await drawn.get_attribute(name) or "")
            found = figures_of(await page.locator(selector).get_attribute(name) or "")
            assert found[0] == wanted[0]
            assert found[1] == pytest.approx(wanted[1], abs=0.11), "two languages round the last digit"


async def test_the_stream_returns_after_a_restart_of_the_server(browser: Browser, race: MovingRace) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 90 * MINUTE)
    async with served(shown) as first_life:
        page = await opened(browser, first_life.url)
        await expect(page.locator("#line")).to_contain_text(str(shown.view().board["counts"]["finished"]))
        shown.hub.close()
    # Another life: numbers begin again, and more has happened.
    again = ShownRace(race)
    again.show(race.first_gun_us + 120 * MINUTE)
    async with served(again, port=first_life.port):
        await expect(page.locator("#line")).to_contain_text(
            f"{again.view().board['counts']['finished']} arrivés", timeout=20_000
        )
        await expect(page.locator("html")).not_to_have_class("is-cut", timeout=10_000)
        again.hub.close()


async def test_a_cut_link_is_said_in_its_place_and_nothing_moves(browser: Browser, race: MovingRace) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 90 * MINUTE)
    async with served(shown) as server:
        page = await opened(browser, server.url)
        await expect(page.locator("#line")).to_contain_text("arrivés")
        where = await page.locator("#arrivals").bounding_box()
        shown.hub.close()
    await expect(page.locator("#cut")).to_contain_text("Liaison coupée", timeout=12_000)
    await expect(page.locator("#cut")).to_contain_text("Dernière donnée à 10:30:00")
    assert await page.locator("#arrivals").bounding_box() == where


async def test_an_engine_that_has_fallen_silent_is_said_though_the_link_is_up(
    browser: Browser, shown: ShownRace, server: LiveServer
) -> None:
    page = await opened(browser, server.url)
    await expect(page.locator("#cut")).to_contain_text("Données d'il y a", timeout=12_000)


@pytest.mark.parametrize("path", ["/", "/board"])
async def test_no_screen_scrolls_sideways_and_targets_fit_a_thumb(
    browser: Browser, shown: ShownRace, server: LiveServer, race: MovingRace, path: str
) -> None:
    now_us = race.first_gun_us + 61 * MINUTE + 20 * SECOND
    late = LateData(
        point="GINESTE", reads=3_000, first_us=now_us - 50 * MINUTE, last_us=now_us, begun_us=now_us, arrived_us=now_us
    )
    shown.show(now_us, lag_us=40 * SECOND, rate=60.0, late=[late])
    page = await opened(browser, server.url + path)
    await expect(page.locator("#lag")).not_to_be_empty()
    for width, height in ((320, 640), (390, 844), (1024, 768), (1280, 800), (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        if path == "/board" and width >= 900:
            assert await page.evaluate("document.documentElement.scrollHeight") <= height
        links = await page.evaluate("[...document.querySelectorAll('a:not([hidden])')].map(a => a.offsetHeight)")
        assert min(links) >= 44
        rows = await page.evaluate("[...document.querySelectorAll('#arrivals .row')].map(r => r.offsetHeight)")
        assert max(rows) - min(rows) <= 1, "a row has one height"


async def test_f58_a_hostile_name_is_shown_as_it_is_written(
    browser: Browser, shown: ShownRace, server: LiveServer, race: MovingRace
) -> None:
    page = await opened(browser, server.url)
    third = next(n for n, entrant in enumerate(race.roster.entrants) if entrant.last_name == HOSTILE)
    shown.show(int(race.truth_us[2][third]) + 30 * MINUTE)
    shown.show(int(race.truth_us[2][third]) + 31 * MINUTE)
    await expect(page.locator("#leaders")).to_contain_text(HOSTILE.upper())
    assert await page.locator("img").count() == 0


async def test_f2_freezes_the_board_and_counts_what_waits(browser: Browser, race: MovingRace) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 90 * MINUTE)
    async with served(shown) as server:
        page = await opened(browser, f"{server.url}/board")
        await expect(page.locator("#link")).to_have_text("En direct")
        first = await page.locator("#arrivals .row").first.get_attribute("data-key")
        await page.keyboard.press("F2")
        before = shown.view().board["counts"]["finished"]
        newest = shown.show(race.first_gun_us + 95 * MINUTE)
        waiting = newest.board["counts"]["finished"] - before
        await expect(page.locator("#frozen")).to_contain_text(f"{waiting} arrivées attendent")
        assert await page.locator("#arrivals .row").first.get_attribute("data-key") == first
        await page.keyboard.press("F2")
        await expect(page.locator("#arrivals .row").first).not_to_have_attribute("data-key", first or "")
        await expect(page.locator("#frozen")).to_be_hidden()
        shown.hub.close()


async def test_dark_is_chosen_without_a_reload_and_kept(browser: Browser, shown: ShownRace, server: LiveServer) -> None:
    page = await opened(browser, server.url)
    await page.locator("#theme").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "tente")
    await page.goto(f"{server.url}/en")
    await expect(page.locator("html")).to_have_attribute("data-theme", "tente")


async def test_five_pages_at_once_all_follow(
    browser: Browser, shown: ShownRace, server: LiveServer, race: MovingRace
) -> None:
    pages = [await opened(browser, server.url, width=390) for _ in range(5)]
    newest = shown.show(race.first_gun_us + 130 * MINUTE)
    wanted = f"{newest.board['counts']['finished']} arrivés"
    await asyncio.gather(*(expect(page.locator("#line")).to_contain_text(wanted) for page in pages))
