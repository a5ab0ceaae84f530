"""Hand timing in a browser, against a running engine: the key, the bibs, without a network, on two devices."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe import serious_faults
from desk_engine import desk_folder, opened, running, signed_in, until, url_of
from pictures import picture
from playwright.async_api import Browser, Page, Route, async_playwright, expect
from small_race import at
from test_live_page import CHROMIUM, FLAGS

from calanque.engine import Engine
from calanque.folder import RaceFolder
from results.hand_times import HandStamp, hand_stamps
from timing.instants import SECOND

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    return desk_folder(tmp_path)


@pytest.fixture
async def engine(folder: RaceFolder) -> AsyncIterator[Engine]:
    async with running(folder) as engine:
        yield engine


async def hand_page(
    browser: Browser, folder: RaceFolder, path: str = "/pointage", name: str = "Eva", **how: Any
) -> Page:
    """The page, once the device's clock is measured."""
    page = await opened(await signed_in(browser, folder, name, **how), url_of(folder) + path)
    await expect(page.locator("[data-part=error]")).to_contain_text("±")
    return page


async def stamps_of(engine: Engine) -> list[HandStamp]:
    desk = await asyncio.wrap_future(engine.live.consult(lambda _: tuple(engine.state.desk)))
    return list(hand_stamps(desk))


async def arrived(engine: Engine, count: int) -> list[HandStamp]:
    return await until(lambda: stamps_of(engine), lambda found: len(found) >= count)


async def named(engine: Engine, *bibs: str | None) -> None:
    """Waits until the stamps, by instant, are whose they are said to be."""
    await until(lambda: stamps_of(engine), lambda found: [stamp.bib for stamp in found] == list(bibs))


async def pause(page: Page) -> None:
    """So long that the next press is no burst, by the page's own clock."""
    await page.evaluate("new Promise((done) => setTimeout(done, 1100))")


def rows(page: Page) -> Any:
    return page.locator("[data-part=rows] li[data-key]")


async def two_devices(browser: Browser, folder: RaceFolder) -> tuple[Page, Page]:
    """Eva's, where a time was just taken, and Luc's, which shows it."""
    timer = await hand_page(browser, folder)
    helper = await hand_page(browser, folder, name="Luc")
    await timer.keyboard.press("F8")
    await expect(rows(helper)).to_have_count(1)
    return timer, helper


async def type_bib(page: Page, bib: str) -> None:
    """Whose the newest stamp is."""
    await rows(page).first.locator("input").fill(bib)
    await page.keyboard.press("Enter")


async def test_the_key_stamps_while_a_bib_is_typed_and_moves_neither_focus_nor_text(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    await page.keyboard.press("F8")
    await arrived(engine, 1)
    field = rows(page).first.locator("input")
    await field.focus()
    await page.keyboard.type("62")
    before_us = engine.clock.now_us()
    await page.keyboard.press("F8")
    after_us = engine.clock.now_us()
    await page.keyboard.type("04")
    await expect(rows(page)).to_have_count(2)
    await expect(rows(page).nth(1).locator("input")).to_have_value("6204")
    await expect(rows(page).nth(1).locator("input")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(rows(page).nth(0).locator("input")).to_be_focused()
    first, second = await arrived(engine, 2)
    await named(engine, "6204", None)
    assert second.error_us is not None
    assert before_us - second.error_us <= second.at_us <= after_us + second.error_us
    assert second.error_us < SECOND // 4
    assert (first.point, first.author) == ("FINISH", "Eva")


async def test_after_the_last_bib_the_next_stamp_is_waited_for_and_no_two_bibs_run_together(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    for bib in ("201", "202"):
        await page.keyboard.press("F8")
        if bib == "201":
            await rows(page).first.locator("input").focus()
        await expect(rows(page).first.locator("input")).to_be_focused()
        await page.keyboard.type(bib)
        await page.keyboard.press("Enter")
        await expect(page.locator("body")).to_be_focused()
        await pause(page)
    await named(engine, "201", "202")


async def test_from_the_newest_stamp_enter_goes_on_with_the_oldest_that_was_left(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    for _ in range(3):
        await page.keyboard.press("F8")
        await pause(page)
    await rows(page).first.locator("input").focus()
    for bib in ("3", "1", "2"):
        await page.keyboard.type(bib)
        await page.keyboard.press("Enter")
    await named(engine, "1", "2", "3")


@pytest.mark.parametrize("focus", ["[data-part=point]", "[data-part=press]", "summary", "body"])
async def test_the_key_stamps_once_whatever_has_the_focus_and_enter_is_not_it(
    browser: Browser, folder: RaceFolder, engine: Engine, focus: str
) -> None:
    page = await hand_page(browser, folder)
    await page.locator(focus).focus()
    await page.keyboard.down("F8")
    await page.keyboard.down("F8")  # held: it repeats
    await page.keyboard.up("F8")
    await expect(rows(page)).to_have_count(1)
    await pause(page)
    await page.locator("#content").focus()
    await page.keyboard.press("Enter")
    assert await rows(page).count() == 1
    assert len(await arrived(engine, 1)) == 1


async def test_the_button_stamps_when_the_finger_comes_down_and_for_a_keyboard(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder, width=390, height=844)
    button = page.locator("[data-part=press]")
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= 64
    await page.mouse.move(box["x"] + 50, box["y"] + 30)
    await page.mouse.down()
    await expect(rows(page)).to_have_count(1)  # before the finger is up
    await page.mouse.up()
    await pause(page)
    await button.focus()
    await page.keyboard.press("Enter")
    await arrived(engine, 2)
    await expect(rows(page)).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_without_a_network_nothing_is_lost_by_a_reload_and_all_is_sent_once_it_is_back(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    await expect(page.locator("#offline")).to_contain_text("sans réseau")
    await page.keyboard.press("F8")
    await arrived(engine, 1)
    await page.context.set_offline(True)
    await pause(page)
    await page.keyboard.press("F8")
    await expect(page.locator("[data-part=kept]")).to_contain_text("1 à transmettre")
    await rows(page).first.locator("input").fill("5")
    await page.keyboard.press("Enter")
    await page.reload()
    await expect(page.locator("[data-part=kept]")).to_contain_text("2 à transmettre")
    await expect(rows(page)).to_have_count(2)
    await expect(rows(page).first.locator("input")).to_have_value("5")
    await page.keyboard.press("F8")  # the hour is not known well now, and is computed again when it is
    await expect(rows(page)).to_have_count(3)
    pressed_us = engine.clock.now_us()
    assert len(await stamps_of(engine)) == 1
    await page.context.set_offline(False)
    one, two, three = await arrived(engine, 3)
    await named(engine, None, "5", None)
    assert (one.number, two.number, three.number) == (1, 2, 3)
    assert three.error_us is not None
    assert abs(three.at_us - pressed_us) < SECOND
    await expect(page.locator("[data-part=kept]")).to_contain_text("tout est transmis")


async def test_a_second_device_fills_the_bibs_and_the_last_word_counts_with_both_names_kept(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    timer, helper = await two_devices(browser, folder)
    await type_bib(helper, "3")
    await expect(rows(timer).first.locator("input")).to_have_value("3")
    await expect(rows(timer).first.locator("small")).to_contain_text("par Luc")
    await type_bib(timer, "4")
    await expect(rows(helper).first.locator("input")).to_have_value("4")
    await expect(rows(helper).first.locator("small")).to_contain_text("Luc disait 3")
    await expect(rows(helper).first.locator("small")).to_contain_text("par Eva")


async def test_a_correction_counts_after_what_it_corrects_whatever_the_clocks_of_the_devices(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    timer, helper = await two_devices(browser, folder)
    await timer.evaluate("""() => {
        const perf = performance.now.bind(performance), date = Date.now;
        performance.now = () => perf() - 3_000;
        Date.now = () => date() - 3_000;
    }""")
    await type_bib(helper, "3")
    await expect(rows(timer).first.locator("small")).to_contain_text("par Luc")
    await type_bib(timer, "4")
    await expect(rows(helper).first.locator("input")).to_have_value("4")
    await named(engine, "4")


async def test_what_another_device_corrects_is_shown_even_where_the_answer_came_after_the_stream(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    timer, helper = await two_devices(browser, folder)
    shown = asyncio.Event()

    async def held_up(route: Route) -> None:
        answer = await route.fetch()
        await shown.wait()
        await route.fulfill(response=answer)

    await helper.route("**/api/hand_bib", held_up)
    await type_bib(helper, "3")
    await expect(rows(timer).first.locator("input")).to_have_value("3")
    await pause(timer)
    await timer.keyboard.press("F8")
    await expect(rows(helper)).to_have_count(2)  # so that what was said before has come with the stream as well
    await expect(helper.locator("[data-part=kept]")).to_contain_text("1 à transmettre")
    await helper.evaluate("const now = performance.now(); performance.now = () => now")  # nothing is forgotten by age
    shown.set()
    await expect(helper.locator("[data-part=kept]")).to_contain_text("tout est transmis")
    await rows(timer).last.locator("input").fill("4")
    await timer.keyboard.press("Enter")
    await expect(rows(helper).last.locator("input")).to_have_value("4")


async def test_above_two_a_second_only_the_order_is_kept_and_the_page_says_so(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    for _ in range(4):
        await page.keyboard.press("F8")
    await expect(page.locator("[data-part=said]")).to_contain_text("Plus de deux par seconde")
    found = await arrived(engine, 4)
    assert [stamp.order_only for stamp in found] == [False, False, True, True]
    await expect(rows(page).first).to_contain_text("ordre seul")
    await pause(page)
    await page.keyboard.press("F8")
    assert not (await arrived(engine, 5))[-1].order_only


async def test_a_device_whose_clock_is_set_in_mid_race_stamps_the_same_hours(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    await page.evaluate("const real = Date.now; Date.now = () => real() + 3_600_000")
    await page.keyboard.press("F8")
    now_us = engine.clock.now_us()
    (stamp,) = await arrived(engine, 1)
    assert abs(stamp.at_us - now_us) < SECOND
    await expect(page.locator("[data-part=error]")).to_contain_text("horloge à ±")


async def test_the_line_says_how_the_chip_agrees(browser: Browser, folder: RaceFolder, engine: Engine) -> None:
    page = await hand_page(browser, folder)
    at_us = at("10:10:30")  # when bib 1 crossed
    near = {"number": 1, "point": "FINISH", "at_us": at_us + 100_000, "error_us": 9_000, "order_only": False}
    await engine.control({"command": "hand_stamp", "author": "Ida", "device": "ZZ", "stamps": [near]})
    await rows(page).first.locator("input").fill("1")
    await page.keyboard.press("Enter")
    await expect(rows(page).first.locator("small")).to_contain_text("puce d'accord à 0,1\u00a0s")
    await rows(page).first.locator("input").fill("777")
    await page.keyboard.press("Enter")
    await expect(rows(page).first.locator("small")).to_contain_text("dossard inconnu")


async def test_a_stamp_is_undone_by_keyboard_and_by_button_and_taken_up_again_by_typing(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    await page.keyboard.press("F8")
    await page.keyboard.press("Shift+F8")
    await expect(rows(page).first).to_contain_text("à personne")
    await until(lambda: stamps_of(engine), lambda found: len(found) == 1 and found[0].is_nobodys)
    await rows(page).first.locator("input").fill("2")
    await page.keyboard.press("Enter")
    await named(engine, "2")
    await rows(page).first.get_by_role("button").click()
    await named(engine, None)


async def test_another_key_can_be_chosen_and_is_kept_by_the_device(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder, "/en/pointage")
    await page.locator("[data-part=key]").select_option("Backquote")
    await page.reload()
    await expect(page.locator("[data-part=note]")).to_contain_text("` (left of 1) takes the time")
    await expect(page.locator("[data-part=error]")).to_contain_text("clock within ±")
    await page.keyboard.press("F8")
    await page.keyboard.press("Backquote")
    await expect(rows(page)).to_have_count(1)
    assert await page.locator("html").get_attribute("lang") == "en"


async def test_an_engine_that_comes_back_gets_what_was_stamped_while_it_was_away(
    browser: Browser, folder: RaceFolder
) -> None:
    async with running(folder) as engine:
        page = await hand_page(browser, folder)
        port = int(url_of(folder).rsplit(":", 1)[1])
        await page.keyboard.press("F8")
        await arrived(engine, 1)
    await pause(page)
    await page.keyboard.press("F8")
    await expect(page.locator("[data-part=kept]")).to_contain_text("1 à transmettre")
    async with running(folder, port=port, clock="10:25:00") as engine:
        assert [stamp.number for stamp in await arrived(engine, 2)] == [1, 2]
        await expect(page.locator("[data-part=kept]")).to_contain_text("tout est transmis")


async def test_pages_of_hand_timing_desk_and_clock_keep_nobody_out(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    """axe-core finds nothing serious, in both themes, with stamps and an entrant open."""
    stamps = [{"number": n, "point": "FINISH", "at_us": at("10:10:30"), "error_us": None} for n in (1, 2)]
    await engine.control({"command": "hand_stamp", "author": "Ida", "device": "ZZ", "stamps": stamps})
    for width, height in ((390, 844), (1280, 800)):
        context = await signed_in(browser, folder, width=width, height=height)
        for path in ("/pointage", "/en/pointage", "/desk", "/en/desk", "/clock"):
            page = await opened(context, url_of(folder) + path)
            if path.endswith("desk"):
                await page.locator("#find").fill("nom1")
                await page.keyboard.press("Enter")
                await expect(page.locator("#f-bib")).to_have_value("1")
            for theme in ("", "tente"):
                await page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
                assert await serious_faults(page) == [], (path, width, theme)
            await picture(page, path)
            await page.close()


async def test_the_list_is_exported_and_nobody_without_a_sign_in_sees_or_writes_any_of_it(
    browser: Browser, folder: RaceFolder, engine: Engine
) -> None:
    page = await hand_page(browser, folder)
    await page.keyboard.press("F8")
    await arrived(engine, 1)
    await rows(page).first.locator("input").fill("=1+1")
    await page.keyboard.press("Enter")
    await named(engine, "=1+1")
    answer = await page.context.request.get(f"{url_of(folder)}/pointage/hand.csv")
    header, line = (await answer.text()).strip().splitlines()
    assert header.lstrip("\ufeff").startswith("point,hour,at_us,device,number,bib")
    assert ",'=1+1,Eva," in line
    async with httpx.AsyncClient(base_url=url_of(folder)) as nobody:
        assert (await nobody.get("/pointage")).status_code == 303
        for path in ("/pointage/events", "/pointage/hand.csv", "/pointage/hand.json"):
            assert (await nobody.get(path)).status_code == 401
        for name in ("hand_stamp", "hand_bib", "entrant", "rebib", "bind_tag", "take_roster"):
            assert (await nobody.post(f"/api/{name}", json={})).status_code == 401
        hour = await nobody.get("/api/time")
        assert len(hour.content) < 64
        assert set(hour.json()) == {"now_us", "rate"}
