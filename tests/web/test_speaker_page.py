"""The announcers' page in a browser, on a real server: what they see and do while a race moves."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe import serious_faults
from moving_race import HOSTILE, WITHHELD_NAME, MovingRace
from playwright.async_api import Browser, BrowserContext, Page, expect
from show_moving_race import CODES, TOKEN, ShownRace, shown_sessions
from test_live_page import browser as browser
from test_live_page import pytestmark as pytestmark

from results.web.access import Access
from results.web.app import build_app
from results.web.server import LiveServer
from timing.instants import MINUTE, MISSING, SECOND

PICTURES = os.environ.get("CALANQUE_PICTURES")
"""A folder for pictures of the page at every size, to be looked at; none are written without it."""

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


def served(shown: ShownRace, port: int = 0) -> LiveServer:
    return LiveServer(build_app(shown, token=TOKEN, sessions=shown_sessions()), port=port, ending=shown.hubs.close)


@pytest.fixture
def calm(race: MovingRace) -> ShownRace:
    """A minute after the first finisher: six are over the line, one every half minute comes."""
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 63 * MINUTE)
    return shown


@pytest.fixture
async def speaking(calm: ShownRace) -> AsyncIterator[LiveServer]:
    async with served(calm) as server:
        yield server


async def signed_in(browser: Browser, url: str, *, name: str = "Hélène", microphone: str = "1", **how: Any) -> Page:
    """A page of an announcer who has signed in, at its first view. Every message of its console is an error of ours."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **how})
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the script failed: {error}"))
    await page.goto(f"{url}/sign-in")
    await page.fill("#name", name)
    await page.fill("#code", CODES[Access.SPEAKER])
    await page.locator(f"input[name=microphone][value='{microphone}']").check(force=True)
    await page.locator("form.sign button").click()
    await page.wait_for_url("**/speaker")
    await current(page)
    return page


async def current(page: Page) -> None:
    await expect(page.locator("#clock")).not_to_have_text("–")
    await expect(page.locator("#out .row").first).to_be_attached()


async def quick(shown: ShownRace) -> None:
    """Steps of half a second, so that a test does not wait for them."""
    shown.speaker.enter({"command": "pace", "author": "A", "name_ms": None, "step_ms": 500})
    shown.show(shown.shown_us)


def rows_of(page: Page) -> Any:
    return page.locator("#out .row[data-key]")


async def keys_of(page: Page, where: str) -> list[str]:
    return [str(await row.get_attribute("data-key")) for row in await page.locator(f"{where} .row[data-key]").all()]


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


async def test_two_speakers_share_marks_and_either_takes_them_back(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    one = await signed_in(browser, speaking.url)
    two = await signed_in(browser, speaking.url, name="Samir", microphone="2")
    following = one.locator("#out .row.next")
    await expect(one.locator("#to-say")).to_contain_text("à dire")
    bib = str(calm.speaker.cards.rows.frame.people[1].bib)
    await one.keyboard.press("Space")
    said = two.locator(f"#out .row[data-bib='{bib}']")
    await expect(one.locator("#to-say")).not_to_contain_text(f"à dire : {bib} ")
    assert [command["command"] for command in calm.commands] == ["mark"]
    assert calm.commands[0]["mark"] == "said"
    assert calm.commands[0]["author"] == "Hélène"
    marked = calm.commands[0]["bib"]
    said = two.locator(f"#out .row[data-bib='{marked}']")
    for page in (one, two):
        row = page.locator(f"#out .row[data-bib='{marked}']")
        if await row.count():
            await expect(row).to_have_class(re.compile("said"))
            await expect(row).to_contain_text("dit, micro 1")
    await expect(two.locator("#mics")).to_contain_text("Hélène")
    assert await following.count() <= 1
    await one.keyboard.press("ArrowUp")
    if await said.count():
        await expect(said).not_to_have_class(re.compile("said"))
    assert marked not in calm.speaker.desk.marks


async def test_a_mark_given_while_the_link_is_lost_is_sent_when_it_is_back(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    page = await signed_in(browser, speaking.url)
    await page.context.set_offline(True)
    await rows_of(page).first.focus()
    bib = await rows_of(page).first.get_attribute("data-bib")
    await page.keyboard.press("Space")
    await expect(rows_of(page).first).to_contain_text("dit, micro 1…")
    await expect(page.locator("#later-count")).to_contain_text("1 en attente d'envoi")
    assert calm.commands == []
    await page.context.set_offline(False)
    await expect(page.locator("#later-count")).not_to_contain_text("en attente", timeout=10_000)
    assert calm.speaker.desk.marks[bib].mark == "said"  # type: ignore[index]
    await expect(rows_of(page).first).to_contain_text("dit, micro 1 ")


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


async def test_a_unique_bib_opens_its_card_without_enter_within_200_ms(
    browser: Browser, calm: ShownRace, speaking: LiveServer, race: MovingRace
) -> None:
    calm.show(race.first_gun_us + 150 * MINUTE)
    page = await signed_in(browser, speaking.url)
    await page.keyboard.type("1")
    await expect(page.locator("#found li").first).to_be_visible()
    await page.keyboard.press("Escape")
    took = await page.evaluate(
        """async () => {
          const field = document.getElementById("q"), card = document.getElementById("card");
          field.value = "599";
          const began = performance.now();
          field.dispatchEvent(new Event("input"));
          while (card.hidden || !card.querySelector("table")) await new Promise((done) => requestAnimationFrame(done));
          return performance.now() - began;
        }"""
    )
    assert took < 200, "name, splits and forecast are there"
    entrant = race.roster.entrants[598]
    await expect(page.locator("#card h2")).to_contain_text(entrant.last_name.upper())
    await expect(page.locator("#card")).to_contain_text("Col de la Gineste")
    await expect(page.locator("#tops")).to_be_visible()
    card, river = await page.locator("#card").bounding_box(), await page.locator("#river").bounding_box()
    assert card is not None
    assert river is not None
    assert card["x"] >= river["x"] + river["width"], "a card takes the place of the leaders, never of the river"


async def test_a_withheld_bib_is_answered_and_not_taken_for_another(
    browser: Browser, speaking: LiveServer, calm: ShownRace
) -> None:
    page = await signed_in(browser, speaking.url)
    await page.keyboard.type("8")
    await page.keyboard.press("Enter")
    await expect(page.locator("#card")).to_contain_text("ne pas l'annoncer")
    await expect(page.locator("#card h2")).to_contain_text("Dossard 8")


async def test_arrows_walk_through_what_was_found_and_mark_nobody(
    browser: Browser, speaking: LiveServer, calm: ShownRace
) -> None:
    page = await signed_in(browser, speaking.url)
    await page.keyboard.type("5")
    await expect(page.locator("#found li").nth(2)).to_be_visible()
    second = await page.locator("#found .bib").nth(1).inner_text()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#card")).to_have_attribute("aria-label", f"Fiche du dossard {second}")
    assert calm.commands == []


async def test_a_touched_row_is_the_one_a_button_acts_on(
    browser: Browser, speaking: LiveServer, calm: ShownRace
) -> None:
    page = await signed_in(browser, speaking.url)
    row = page.locator("#out .row[data-bib]").nth(3)
    bib = await row.get_attribute("data-bib")
    await row.locator(".name").click()
    await page.locator("[data-do=later]").click()
    await _until(lambda: bool(calm.commands))
    assert (calm.commands[-1]["bib"], calm.commands[-1]["mark"]) == (bib, "later")
    assert await page.evaluate("document.activeElement === document.body"), "the rows move on"


async def test_a_name_is_found_while_it_is_typed_and_enter_opens_the_first(
    browser: Browser, speaking: LiveServer
) -> None:
    page = await signed_in(browser, speaking.url)
    await page.keyboard.type("veselka ondr")
    await expect(page.locator("#found")).to_contain_text("trouvés")
    first = await page.locator("#found .bib").first.inner_text()
    await page.keyboard.press("Enter")
    await expect(page.locator("#card")).to_have_attribute("aria-label", f"Fiche du dossard {first}")
    await page.keyboard.press("Escape")
    await expect(page.locator("#card")).to_be_hidden()
    await page.keyboard.type("nobody is called this")
    await expect(page.locator("#found")).to_contain_text("Personne ne correspond")


async def test_a_withheld_name_is_in_no_byte_of_the_page_and_is_not_to_be_said(
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
        await picture(page, "mass")


async def test_a_favourite_typed_in_is_never_dropped_and_unknown_bibs_are_told(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    page = await signed_in(browser, speaking.url)
    await page.locator("#open-desk").click()
    form = page.locator("#favourites-form")
    await form.locator("textarea").fill("2\n99999, 4")
    await form.get_by_role("button", name="Ajouter").click()
    await expect(form.locator("output")).to_contain_text("2 ajoutés")
    await expect(form.locator("output")).to_contain_text("99999")
    await expect(page.locator("#favourites li")).to_have_count(2)
    calm.show(calm.shown_us + 20 * MINUTE)
    assert list(calm.hubs.speaker.latest.board["queue"]["bibs"])[:2] == ["2", "4"]  # type: ignore[union-attr]
    await form.locator("input[type=file]").set_input_files(
        {"name": "vip.csv", "mimeType": "text/csv", "buffer": b"club;note\nAC Garlaban;x\nMartigues;y\n"}
    )
    await expect(form.locator("textarea")).to_have_value("club\nAC Garlaban\nMartigues")
    await form.locator("select").select_option("club")
    await form.get_by_role("button", name="Ajouter").click()
    await expect(form.locator("output")).to_contain_text("2 ajoutés")
    await expect(form.locator("output")).to_contain_text("ignorés : club")
    assert set(calm.speaker.desk.favourites.clubs.values()) == {"AC Garlaban", "Martigues"}


async def test_an_order_of_passing_is_typed_in_and_shown(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    page = await signed_in(browser, speaking.url)
    await page.locator("#open-desk").click()
    form = page.locator("#order-form")
    await form.locator("[name=km]").fill("15,5")
    await form.locator("[name=bibs]").fill("12 99999 13")
    await form.get_by_role("button", name="Enregistrer").click()
    await expect(form.locator("output")).to_contain_text("nobody has bib 99999")
    await form.locator("[name=bibs]").fill("12 13")
    await form.locator("[name=hour]").fill("10:01:30")
    await form.get_by_role("button", name="Enregistrer").click()
    await expect(page.locator("#spotted li").first).to_contain_text("Au km 15,5, à 10:01:30")
    order = calm.speaker.desk.orders[0]
    assert (order.metres, order.bibs) == (15_500, ("12", "13"))


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
    await picture(page, "cut")
    again = ShownRace(race)
    again.show(race.first_gun_us + 80 * MINUTE)
    async with served(again, port=first_life.port):
        finished = again.view().board["counts"]["finished"]
        await expect(page.locator("#line")).to_have_text(f"{finished} arrivés", timeout=20_000)
        await expect(page.locator("html")).not_to_have_class(re.compile("is-cut"), timeout=10_000)
        assert await page.evaluate("window.here") == "the same page"


async def test_the_english_page_says_the_same_in_english(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    page = await signed_in(browser, speaking.url)
    french = await keys_of(page, "#out")
    await page.goto(f"{speaking.url}/en/speaker")
    await current(page)
    assert await keys_of(page, "#out") == french
    await expect(page.locator("#h-in")).to_have_text("Arriving")
    await expect(page.locator("#line")).to_contain_text("finished")
    await expect(rows_of(page).first).to_contain_text(re.compile(r"\d(st|nd|rd) (wo)?man|net 1:0"))
    assert "'" not in await page.locator("#clock").inner_text()


async def test_everything_is_done_by_keyboard_alone(browser: Browser, calm: ShownRace, speaking: LiveServer) -> None:
    page = await signed_in(browser, speaking.url)
    for key, mark in (("Space", "said"), ("ArrowRight", "skipped"), ("ArrowDown", "later")):
        await page.keyboard.press(key)
        await _until(lambda mark=mark: calm.commands and calm.commands[-1].get("mark") == mark)
    bibs = [command["bib"] for command in calm.commands]
    assert len(set(bibs)) == 3, "each key took the next one"
    await page.keyboard.press("ArrowUp")
    await _until(lambda: calm.commands[-1] == {**calm.commands[-1], "mark": "unsaid", "bib": bibs[-1]})
    await page.keyboard.type("44")
    await expect(page.locator("#found, #card").locator("visible=true").first).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#card")).to_be_visible()
    await page.keyboard.press("+")
    await _until(lambda: calm.commands[-1]["command"] == "favourites")
    assert calm.commands[-1]["values"] == ["44"]
    await page.keyboard.press("Escape")
    await expect(page.locator("#card")).to_be_hidden()
    reached = set()
    for _ in range(40):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.id || document.activeElement.dataset.do || ''"))
    assert {"q", "open-desk", "said", "freeze"} <= reached


async def _until(holds: Any, within_s: float = 5.0) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        await asyncio.sleep(0.02)


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
        await picture(page, "board")


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


async def test_a_hostile_name_is_shown_as_it_is_written(browser: Browser, speaking: LiveServer) -> None:
    page = await signed_in(browser, speaking.url)
    await page.keyboard.type("3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#card h2")).to_contain_text(HOSTILE.upper())
    assert await page.locator("img").count() == 0


async def test_reduced_motion_keeps_the_step_and_drops_the_slide(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    await quick(calm)
    page = await signed_in(browser, speaking.url, reduced_motion="reduce")
    first = await rows_of(page).first.get_attribute("data-key")
    calm.show(calm.shown_us + MINUTE)
    await expect(rows_of(page).first).not_to_have_attribute("data-key", first or "")
    assert await page.evaluate("document.getAnimations().filter(a => a.effect.getTiming().duration > 1).length") == 0


async def test_nobody_sees_the_page_without_signing_in(browser: Browser, speaking: LiveServer) -> None:
    context: BrowserContext = await browser.new_context()
    for path, status in (("/speaker/events", 401), ("/speaker/card/4", 401), ("/speaker/names.json", 401)):
        answer = await context.request.get(speaking.url + path)
        assert answer.status == status
    page = await context.new_page()
    await page.goto(f"{speaking.url}/speaker")
    assert "/sign-in" in page.url


async def picture(page: Page, name: str) -> None:
    """Writes how the page looks now, where pictures are wanted."""
    if PICTURES:
        size = page.viewport_size or {"width": 0}
        await page.screenshot(path=Path(PICTURES) / f"speaker-{name}-{size['width']}.png")
