"""The clock on a screen: which gun, what it shows before it, and that it goes on without the link."""

import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from moving_race import MovingRace
from playwright.async_api import Browser, Page, async_playwright, expect
from show_moving_race import ShownRace
from test_live_page import CHROMIUM, FLAGS, opened, served

from results.web.clock_routes import clock_words
from results.web.hand_words import HAND_WORDS
from results.web.speech import Speech
from results.web.words import LANGUAGES
from timing.instants import MINUTE

FR = Speech({**LANGUAGES["fr"], **HAND_WORDS["fr"]})


def said(
    race: MovingRace, minutes: float, wave: str = "", *, planned: bool = False, day: bool = False
) -> dict[str, str]:
    now_us = race.first_gun_us + int(minutes * MINUTE)
    board: dict[str, Any] = race.board(now_us, number=1)
    if planned:
        board["guns"] = [gun | {"planned": True} for gun in board["guns"]]
    return clock_words(board, now_us, wave, FR, show_day=day)


def test_it_shows_the_time_since_the_first_gun_and_the_hour(race: MovingRace) -> None:
    name = race.plan.race.waves[0].name
    shown = said(race, 65.5)
    assert shown == {"which": f"{name}, coup de feu à 09:00:00", "big": "1h05'30", "second": "10:05:30"}
    assert said(race, 65.5, day=True) == {"which": "Heure du jour", "big": "10:05:30", "second": "1h05'30"}


def test_before_the_gun_it_counts_down_and_a_planned_hour_that_has_passed_is_no_gun(race: MovingRace) -> None:
    assert said(race, -1)["big"] == "−1'00"
    assert "départ prévu à 09:00:00" in said(race, -1)["which"]
    waiting = said(race, 2, planned=True)
    assert waiting["big"] == "0'00"
    assert "attend le coup de feu, prévu à 09:00:00" in waiting["which"]


def test_another_wave_can_be_shown_and_one_that_does_not_exist_is_the_default(race: MovingRace) -> None:
    second = race.plan.race.waves[1]
    after = (second.planned_gun_us - race.first_gun_us) // MINUTE
    assert said(race, 60, second.id)["big"] == f"{60 - after}'00"
    assert said(race, 60, "<script>") == said(race, 60)


# ---- in a browser ----

browsing = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]


def marked(test: Any) -> Any:
    for mark in browsing:
        test = mark(test)
    return test


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def seconds_shown(page: Page) -> int:
    text = await page.locator("#big").inner_text()
    figures = [int(figure) for figure in re.findall(r"\d+", text)]
    total = 0
    for figure in figures:
        total = total * 60 + figure
    return -total if text.startswith("\u2212") else total


@marked
@pytest.mark.parametrize("path", ["/clock", "/en/clock"])
async def test_the_script_says_what_the_server_says(browser: Browser, race: MovingRace, path: str) -> None:
    for minutes in (-30, -5, 3, 90):
        shown = ShownRace(race)
        shown.show(race.first_gun_us + minutes * MINUTE, rate=0.001)
        async with served(shown) as server:
            page = await opened(browser, server.url + path)
            plain = await opened(browser, server.url + path, java_script_enabled=False)
            await expect(page.locator("#wave")).to_be_visible()
            for part in ("which", "big", "second"):
                await expect(page.locator(f"#{part}")).to_have_text(await plain.locator(f"#{part}").inner_text())
            shown.hub.close()


@marked
async def test_it_goes_on_without_the_link_and_says_so_and_follows_a_gun(browser: Browser, race: MovingRace) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 10 * MINUTE)
    async with served(shown) as server:
        page = await opened(browser, f"{server.url}/clock")
        await expect(page.locator("#big")).to_have_text(re.compile(r"^10'0\d$"))
        await expect(page.locator("#cut")).to_be_empty()
        shown.hub.close()
    before = await seconds_shown(page)
    await expect(page.locator("#cut")).to_contain_text("Liaison coupée depuis", timeout=12_000)
    await expect(page.locator("#cut")).to_contain_text("l'horloge continue")
    assert await seconds_shown(page) >= before + 4


@marked
async def test_by_keyboard_alone_the_wave_and_the_hour_are_chosen_and_a_restart_shows_the_same(
    browser: Browser, race: MovingRace, shown: ShownRace
) -> None:
    async with served(shown) as server:
        page = await opened(browser, f"{server.url}/clock")
        await expect(page.locator("#which")).to_contain_text("coup de feu")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        second = race.plan.race.waves[1]
        await expect(page.locator("#which")).to_contain_text(second.name)
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#which")).to_have_text("Heure du jour")
        await page.reload()
        await expect(page.locator("#which")).to_have_text("Heure du jour")
        assert await page.locator("#wave").input_value() == second.id
        shown.hub.close()


@marked
async def test_the_figure_fills_the_screen_and_nothing_scrolls(browser: Browser, shown: ShownRace) -> None:
    async with served(shown) as server:
        page = await opened(browser, f"{server.url}/clock")
        for width, height in ((390, 844), (1024, 768), (1280, 800), (1920, 1080)):
            await page.set_viewport_size({"width": width, "height": height})
            box = await page.locator("#big").bounding_box()
            assert box is not None
            assert box["width"] >= 0.75 * width
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await page.evaluate("document.documentElement.scrollHeight") <= height
        shown.hub.close()
