"""The announcers' page in a browser, on a real server: what stands on the board while a race moves."""

import asyncio
import re
import time
from dataclasses import replace

import numpy as np
from axe import serious_faults
from moving_race import WITHHELD_NAME, MovingRace
from pictures import picture
from playwright.async_api import Browser, expect
from show_moving_race import ShownRace
from speaker_browser import calm as calm
from speaker_browser import keys_of, quick, rows_of, served, signed_in
from speaker_browser import speaking as speaking
from test_live_page import browser as browser
from test_live_page import pytestmark as pytestmark

from results.web.server import LiveServer
from timing.instants import MINUTE, MISSING, SECOND

SMALL_TEXT = """() => [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility()
    && [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim())
    && !node.closest(".vh, svg, script, noscript, .skip") && parseFloat(getComputedStyle(node).fontSize) < 13.95)
  .map((node) => `${node.className} ${node.textContent.slice(0, 20)} ${getComputedStyle(node).fontSize}`)"""

CUT_NAMES = """() => [...document.querySelectorAll("#river .row[data-key]")].filter((row) => {
    const name = row.querySelector(".name"), who = row.querySelector(".who").getBoundingClientRect();
    const below = name.getBoundingClientRect().bottom > row.getBoundingClientRect().bottom + 2;
    return below || name.scrollWidth > who.width + 2;
  }).map((row) => row.textContent)"""

SIZES = ((390, 844), (1024, 768), (1280, 800), (1920, 1080))


async def test_a_crossing_appears_under_the_line_with_its_story(
    browser: Browser, calm: ShownRace, speaking: LiveServer, race: MovingRace
) -> None:
    page = await signed_in(browser, speaking.url)
    before = await keys_of(page, "#out")
    finish_us = race.truth_us[2]
    newest = min((us, n) for n, us in enumerate(finish_us.tolist()) if us > calm.shown_us)
    calm.show(newest[0])
    first = rows_of(page).first
    await expect(first).to_have_attribute("data-key", str(newest[1] + 1))
    await expect(first.locator(".pl")).to_have_text(str(len(race.truth_us[2][finish_us <= newest[0]]) - _missing(race)))
    assert await keys_of(page, "#out") == [str(newest[1] + 1), *before[:4]]
    await expect(page.locator("#line")).to_contain_text("arrivés")


def _missing(race: MovingRace) -> int:
    return int(np.count_nonzero(race.truth_us[2] == MISSING))


async def test_places_change_on_the_step_and_not_before(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    """Two and a half seconds after the last one: until then nothing moves but what counts down."""
    page = await signed_in(browser, speaking.url)
    before = await keys_of(page, "#out")
    calm.show(calm.shown_us + 30 * SECOND)
    await expect(rows_of(page).first).not_to_have_attribute("data-key", before[0])
    stepped, shown = time.monotonic(), await keys_of(page, "#out")
    calm.show(calm.shown_us + 30 * SECOND)
    await expect(page.locator("#line")).to_contain_text(f"{calm.view().board['counts']['finished']} arrivés")
    assert await keys_of(page, "#out") == shown, "the bar counts at once, rows wait for the step"
    await expect(rows_of(page).first).not_to_have_attribute("data-key", shown[0], timeout=4_000)
    assert time.monotonic() - stepped > 1.5


async def test_f2_and_a_focused_row_hold_everything_and_the_bar_counts_what_waits(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    await quick(calm)
    page = await signed_in(browser, speaking.url)
    before = await keys_of(page, "#out")
    await page.keyboard.press("F2")
    await expect(page.locator("#freeze")).to_have_attribute("aria-pressed", "true")
    finished = calm.view().board["counts"]["finished"]
    calm.show(calm.shown_us + 2 * MINUTE)
    waiting = calm.view().board["counts"]["finished"] - finished
    await expect(page.locator("#frozen")).to_contain_text(f"{waiting} attendent")
    await asyncio.sleep(1.0)
    assert await keys_of(page, "#out") == before
    await page.keyboard.press("F2")
    await expect(page.locator("#frozen")).to_be_hidden()
    now = await keys_of(page, "#out")
    assert now != before
    await rows_of(page).first.focus()
    calm.show(calm.shown_us + 2 * MINUTE)
    await asyncio.sleep(1.0)
    assert await keys_of(page, "#out") == now
    await page.keyboard.press("Escape")
    await expect(rows_of(page).first).not_to_have_attribute("data-key", now[0])


async def test_f60_a_withheld_name_is_in_no_byte_of_the_page_and_is_not_to_be_said(
    browser: Browser, race: MovingRace
) -> None:
    """The eighth of the first wave is withheld: their row says not to announce them, and no key can."""
    shown = ShownRace(race)
    shown.show(int(race.truth_us[2][7]))
    async with served(shown) as server:
        page = await signed_in(browser, server.url)
        await expect(rows_of(page).first).to_contain_text("ne pas l'annoncer")
        assert await rows_of(page).first.get_attribute("data-bib") is None
        assert "8" not in shown.hubs.speaker.latest.board["queue"]["bibs"]  # type: ignore[union-attr]
        for path in ("/speaker", "/speaker/names.json", "/speaker/card/8"):
            text = await page.evaluate("async path => (await fetch(path)).text()", path)
            assert WITHHELD_NAME.upper() not in text.upper()
            assert "Club secret" not in text
        assert WITHHELD_NAME not in str(dict(shown.hubs.speaker.latest.board))  # type: ignore[union-attr]


async def test_in_a_crowd_some_are_large_and_the_others_a_stream_of_names(browser: Browser, race: MovingRace) -> None:
    """Forty in the last half minute, and a name takes two and a half seconds."""
    truth = race.truth_us.copy()
    now_us = race.first_gun_us + 90 * MINUTE
    crowd = np.arange(200, 300)
    truth[2, crowd] = now_us - 30 * SECOND + np.arange(100) * SECOND // 4
    truth[0, crowd] = now_us - 90 * MINUTE
    shown = ShownRace(replace(race, truth_us=truth))
    shown.show(now_us - 5 * MINUTE)
    async with served(shown) as server:
        page = await signed_in(browser, server.url)
        await expect(page.locator("#stream")).to_be_hidden()
        shown.show(now_us)
        await expect(page.locator("#stream")).to_be_visible(timeout=5_000)
        await expect(page.locator("#h-out")).to_have_text("À dire")
        assert await page.locator("#out .row").count() == 3
        assert await page.locator("#stream .one").count() > 20
        await expect(page.locator("#out .row.next")).to_have_count(1)
        following = await page.locator("#out .row.next").get_attribute("data-bib")
        await page.keyboard.press("Space")
        await expect(page.locator(f"#out .row[data-bib='{following}']")).to_have_class(re.compile("said"))
        await expect(page.locator("#out .row.next")).not_to_have_attribute("data-bib", following or "")
        await picture(page, "speaker_mass")


async def test_somebody_to_be_checked_by_eye_is_not_announced_before_the_crew_says_so(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    page = await signed_in(browser, speaking.url)
    newest = await rows_of(page).first.get_attribute("data-bib")
    index = calm.race.roster.by_bib[newest]  # type: ignore[index]
    calm.speaker.held = {index: {"fr": "À vérifier de visu", "en": "To be checked by eye"}}
    calm.show(calm.shown_us)
    await expect(rows_of(page).first).to_contain_text("ne pas l'annoncer encore")
    assert newest not in calm.hubs.speaker.latest.board["queue"]["bibs"]  # type: ignore[union-attr]
    calm.speaker.held = {}
    calm.show(calm.shown_us)
    await expect(rows_of(page).first).not_to_contain_text("ne pas l'annoncer")


async def test_a_lost_link_says_its_age_forecasts_stop_and_the_page_returns_without_a_reload(
    browser: Browser, race: MovingRace
) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 75 * MINUTE)
    async with served(shown) as first_life:
        page = await signed_in(browser, first_life.url)
        await page.evaluate("window.here = 'the same page'")
        clock = await page.locator("#clock").inner_text()
    await expect(page.locator("#cut")).to_contain_text("Liaison coupée", timeout=12_000)
    await expect(page.locator("#cut")).to_contain_text("Dernière donnée à 10:15:00")
    when = [await node.inner_text() for node in await page.locator("#in .when").all()]
    await asyncio.sleep(1.2)
    assert [await node.inner_text() for node in await page.locator("#in .when").all()] == when, "forecasts stop"
    assert await page.locator("#clock").inner_text() != clock, "the clock goes on"
    await picture(page, "speaker_cut")
    again = ShownRace(race)
    again.show(race.first_gun_us + 80 * MINUTE)
    async with served(again, port=first_life.port):
        finished = again.view().board["counts"]["finished"]
        await expect(page.locator("#line")).to_have_text(f"{finished} arrivés", timeout=20_000)
        await expect(page.locator("html")).not_to_have_class(re.compile("is-cut"), timeout=10_000)
        assert await page.evaluate("window.here") == "the same page"


async def test_nothing_is_too_small_nothing_scrolls_and_no_name_is_cut(
    browser: Browser, calm: ShownRace, speaking: LiveServer, race: MovingRace
) -> None:
    calm.show(race.first_gun_us + 75 * MINUTE)
    page = await signed_in(browser, speaking.url)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await asyncio.sleep(0.3)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        if width >= 900:
            assert await page.evaluate("document.documentElement.scrollHeight") <= height
        assert await page.evaluate(SMALL_TEXT) == [], width
        assert await page.evaluate(CUT_NAMES) == [], width
        targets = await page.evaluate(
            """[...document.querySelectorAll('footer button, #q')].filter(each => each.checkVisibility())
              .map(each => each.offsetHeight)"""
        )  # fmt: skip
        assert min(targets) >= 40
        await picture(page, "speaker_board")


async def test_axe_finds_no_serious_fault(browser: Browser, calm: ShownRace, speaking: LiveServer) -> None:
    calm.show(calm.shown_us + 12 * MINUTE)
    page = await signed_in(browser, speaking.url)
    for theme in ("", "tente"):
        await page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        assert await serious_faults(page) == [], theme
    await page.keyboard.type("44")
    await page.keyboard.press("Enter")
    await expect(page.locator("#card table")).to_be_visible()
    assert await serious_faults(page) == []
    await page.keyboard.press("Escape")
    await page.locator("#open-desk").click()
    assert await serious_faults(page) == []


async def test_reduced_motion_keeps_the_step_and_drops_the_slide(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    await quick(calm)
    page = await signed_in(browser, speaking.url, reduced_motion="reduce")
    first = await rows_of(page).first.get_attribute("data-key")
    calm.show(calm.shown_us + MINUTE)
    await expect(rows_of(page).first).not_to_have_attribute("data-key", first or "")
    assert await page.evaluate("document.getAnimations().filter(a => a.effect.getTiming().duration > 1).length") == 0
