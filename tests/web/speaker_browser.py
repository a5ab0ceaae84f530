"""Announcers in a browser, for tests: signed in at the page of a race that moves."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from moving_race import MovingRace
from playwright.async_api import Browser, Page, expect
from show_moving_race import CODES, TOKEN, ShownRace, shown_sessions

from results.web.access import Access
from results.web.app import build_app
from results.web.server import LiveServer
from timing.instants import MINUTE

"""A folder for pictures of the page at every size, to be looked at; none are written without it."""


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


async def until(holds: Any, within_s: float = 5.0) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        await asyncio.sleep(0.02)
