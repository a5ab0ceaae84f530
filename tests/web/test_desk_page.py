"""The desk in a browser, by keyboard alone: entrants, bibs, tags, two desks, an engine that is away, a roster file."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from desk_engine import desk_folder, opened, running, signed_in, until, url_of
from playwright.async_api import Browser, Page, async_playwright, expect
from test_live_page import CHROMIUM, FLAGS
from told_race import runner, small_field

from calanque.engine import Engine
from calanque.folder import RaceFolder
from config.roster_file import save_roster
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

PERSON_S = 10.0


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    race = small_field()
    race.read("FINISH-MAIN", "T77", "10:19:00")
    return desk_folder(tmp_path, race)


@pytest.fixture
async def engine(folder: RaceFolder) -> AsyncIterator[Engine]:
    async with running(folder) as engine:
        yield engine


async def desk(browser: Browser, folder: RaceFolder, path: str = "/desk", name: str = "Eva", **how: Any) -> Page:
    page = await opened(await signed_in(browser, folder, name, **how), url_of(folder) + path)
    await expect(page.locator("#found-note")).to_contain_text("7")
    return page


async def entrant(engine: Engine, bib: str) -> dict[str, Any] | None:
    found = (await engine.control({"command": "find_entrants", "text": bib}))["entrants"]
    return next((each for each in found if each["bib"] == bib), None)


async def becomes(engine: Engine, bib: str, **wanted: Any) -> None:
    async def ask() -> dict[str, Any]:
        now = await entrant(engine, bib)
        return {} if now is None else {"name": now["name"], "tags": now["tags"], **now["fields"]}

    await until(ask, lambda now: all(now.get(key) == value for key, value in wanted.items()))


async def test_an_entrant_is_made_by_keyboard_alone_in_the_time_of_a_person(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await desk(browser, folder)
    began = time.monotonic()
    keys = 0

    async def typed(text: str, then: str) -> None:
        nonlocal keys
        keys += len(text) + 1
        await page.keyboard.type(text)
        await page.keyboard.press(then)

    await typed("801", "Enter")  # nobody has it: a new entrant with that bib, the cursor in the chip
    await expect(page.locator("#f-tag")).to_be_focused()
    await typed("t77", "Tab")
    await typed("Marchesi", "Tab")
    await typed("Zoé", "Tab")
    await typed("F", "Tab")
    await typed("1994", "Enter")
    await becomes(engine, "801", name="Zoé MARCHESI", tags=["T77"], sex="F", birth="1994")
    await expect(page.locator("#done")).to_contain_text("Dossard 801 enregistré, Zoé MARCHESI")
    await expect(page.locator("#find")).to_be_focused()
    assert keys < 35
    assert time.monotonic() - began < PERSON_S


async def test_another_bib_is_handed_out_in_a_few_keys_and_what_that_means_is_said_before(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await desk(browser, folder)
    await page.keyboard.type("nom3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#f-bib")).to_be_focused()
    await page.keyboard.type("9003")
    await expect(page.locator("#rebib")).to_contain_text("Le dossard 3 sera nul")
    await page.keyboard.press("Enter")
    await becomes(engine, "9003", name="Anne NOM3", tags=["T3"])
    assert await entrant(engine, "3") is None


async def test_a_bib_held_over_a_mat_fills_the_field_and_enter_binds_it(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await desk(browser, folder)
    await page.keyboard.type("2600")
    await page.keyboard.press("Enter")
    await page.locator("#mat").select_option("FINISH-MAIN")
    await expect(page.locator("#heard")).to_contain_text("T77, à personne")
    await expect(page.locator("#f-tag")).to_have_value("")
    mat = next(mat for mat in engine.plan.race.course.mats if mat.id == "FINISH-MAIN")
    read = ChipRead(
        tag=Tag("SPARE1"), stamp_us=engine.clock.now_us(), received_us=engine.clock.now_us(), label=mat.label
    )
    await engine.recorder.reads(SourceReads(source=SourceId(mat.source), clock=ClockKind.UTC, reads=[read]))
    await expect(page.locator("#f-tag")).to_have_value("SPARE1")
    await expect(page.locator("#f-tag")).to_be_focused()
    await page.keyboard.press("Enter")
    await becomes(engine, "2600", tags=["T2600", "SPARE1"])


async def test_what_is_wrong_is_said_at_its_field_in_the_page_s_language_and_nothing_typed_is_lost(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    for path, said in (("/desk", "31/12/1980"), ("/en/desk", "accepted: 31/12/1980")):
        page = await desk(browser, folder, path)
        await page.keyboard.type("802")
        await page.keyboard.press("Enter")
        await page.locator("#f-last_name").fill("Ruiz")
        await page.locator("#f-birth").fill("40/1/1990x")
        await page.keyboard.press("Enter")
        await expect(page.locator("#e-birth")).to_contain_text(said)
        await expect(page.locator("#f-birth")).to_be_focused()
        await expect(page.locator("#f-last_name")).to_have_value("Ruiz")
    assert await entrant(engine, "802") is None


async def test_a_chip_of_somebody_else_is_named_and_taken_only_when_said(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    await engine.control(
        {"command": "entrant", "create": True, "bib": "900", "fields": {"last_name": "Ruiz"}, "tags": ["FREE1"],
         "seen": 0, "author": "Luc"}
    )  # fmt: skip
    page = await desk_again(browser, folder)
    await page.keyboard.type("2600")
    await page.keyboard.press("Enter")
    await page.locator("#f-tag").fill("free1")
    await page.keyboard.press("Enter")
    await expect(page.locator("#e-tag")).to_contain_text("cette puce est au dossard 900")
    await page.locator("#take").click()
    await becomes(engine, "2600", tags=["T2600", "FREE1"])
    await becomes(engine, "900", tags=[])


async def desk_again(browser: Browser, folder: RaceFolder) -> Page:
    page = await opened(await signed_in(browser, folder), url_of(folder) + "/desk")
    await expect(page.locator("#found-note")).to_contain_text("8")
    return page


async def test_two_desks_lose_nothing_of_each_other(browser: Browser, folder: RaceFolder, engine: Engine) -> None:
    one, two = await desk(browser, folder), await desk(browser, folder, name="Luc")
    for page in (one, two):
        await page.keyboard.type("4")
        await page.keyboard.press("Enter")
        await expect(page.locator("#f-bib")).to_have_value("4")
    await one.locator("#f-club").fill("Martigues")
    await one.keyboard.press("Enter")
    await becomes(engine, "4", club="Martigues")
    await two.locator("#f-town").fill("Cassis")
    await two.keyboard.press("Enter")
    await expect(two.locator("#banner")).to_contain_text("Le dossard 4 a été changé entre-temps")
    await two.locator("#reload").click()
    await expect(two.locator("#f-club")).to_have_value("Martigues")
    await expect(two.locator("#f-town")).to_have_value("Cassis")
    await two.locator("#f-town").press("Enter")
    await becomes(engine, "4", club="Martigues", town="Cassis")


async def test_what_is_typed_stays_while_the_engine_is_away_and_over_a_reload(
    browser: Browser, folder: RaceFolder
) -> None:
    async with running(folder):
        page = await desk(browser, folder)
        port = int(url_of(folder).rsplit(":", 1)[1])
        await page.keyboard.type("803")
        await page.keyboard.press("Enter")
        await page.locator("#f-last_name").fill("Ouazzani")
    await page.locator("#f-last_name").press("Enter")
    await expect(page.locator("#banner")).to_contain_text("Le moteur ne répond pas")
    await expect(page.locator("#f-last_name")).to_have_value("Ouazzani")
    async with running(folder, port=port) as engine:
        await page.reload()
        await expect(page.locator("#banner")).to_contain_text("Saisie reprise")
        await page.locator("#f-last_name").press("Enter")
        await becomes(engine, "803", name="OUAZZANI")


async def test_a_roster_file_is_shown_as_a_difference_before_it_is_taken(
    browser: Browser, folder: RaceFolder, engine: Engine, tmp_path: Path
) -> None:
    kept = [runner(bib) for bib in (1, 2, 4, 5, 6, 2600)]
    changed = [each._replace(club="Martigues") if each.bib == "4" else each for each in kept]
    hostile = Entrant(bib=Bib("806"), last_name="<img src=x onerror=alert(1)>", first_name="Zoé")
    file = tmp_path / "inscrits.csv"
    save_roster(Roster(entrants=(*changed, runner(805), hostile)), file)
    page = await desk(browser, folder)
    await page.locator("#file").set_input_files(file)
    shown = page.locator("#difference")
    await expect(shown).to_contain_text("inscrits.csv : 8 lignes")
    await expect(shown).to_contain_text("Retirés 1")
    await expect(shown).to_contain_text("dont 1 vus sur le parcours")
    await expect(shown).to_contain_text("Martigues")
    await expect(shown).to_contain_text("<IMG SRC=X ONERROR=ALERT(1)>")
    assert await shown.locator("img").count() == 0
    await page.locator("#keep").check()
    await expect(shown).not_to_contain_text("Retirés")
    await page.locator("#keep").uncheck()
    await expect(shown).to_contain_text("Retirés 1")
    assert await entrant(engine, "805") is None
    await page.locator("#take-roster button").click()
    await expect(shown).to_contain_text("Liste prise : 8 inscrits")
    await becomes(engine, "805", name="Anne NOM805")
    assert await entrant(engine, "3") is None


async def test_no_screen_of_the_desk_scrolls_sideways_and_targets_fit_a_thumb(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await desk(browser, folder)
    await page.keyboard.type("1")
    await page.keyboard.press("Enter")
    for width, height in ((320, 640), (390, 844), (1024, 768), (1280, 800)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        sizes = await page.evaluate(
            "[...document.querySelectorAll('main button, main select')].filter(b => b.offsetParent)"
            ".map(b => b.offsetHeight)"
        )
        assert min(sizes) >= 44
