"""One engine, all three pages, two microphones: a crossing is on all of them, and a restart loses no page."""

from pathlib import Path
from typing import Any

from crew_engine import CrewRace, podium_race, resumed, running
from playwright.async_api import Browser, Page, expect
from small_race import at
from test_live_page import browser as browser
from test_live_page import opened
from test_live_page import pytestmark as pytestmark

from results.web.access import Access
from timing.instants import SECOND
from timing.reads import ChipRead, ClockKind, SourceReads, Tag


async def page_of(browser: Browser, race: CrewRace, path: str, cookie: dict[str, Any] | None = None) -> Page:
    page = await opened(browser, race.url)
    if cookie is not None:
        await page.context.add_cookies([cookie])  # type: ignore[list-item]
    await page.goto(race.url + path)
    await page.evaluate("window.sameLife = true")
    return page


async def crosses(race: CrewRace, bib: int, clock: str) -> None:
    """A chip is read at the finish."""
    (source,) = {mat.source for mat in race.engine.plan.race.course.mats if mat.id == "FINISH-MAIN"}
    read = ChipRead(tag=Tag(f"T{bib}"), stamp_us=at(clock), received_us=at(clock) + SECOND)
    await race.engine.recorder.reads(SourceReads(source=source, clock=ClockKind.UTC, reads=[read]))


async def finished(public: Page, speaker: Page, crew: Page, bib: int, arrived: int) -> None:
    await expect(public.locator("#arrivals .row").first).to_have_attribute("data-key", str(bib), timeout=20_000)
    await expect(speaker.locator("#out .row").first).to_have_attribute("data-key", str(bib), timeout=20_000)
    await expect(crew.locator(".totals [data-key=finished]")).to_contain_text(str(arrived), timeout=20_000)


async def test_a_crossing_is_on_all_pages_and_a_restarted_engine_is_caught_up_with_without_a_reload(
    browser: Browser, tmp_path: Path
) -> None:
    async with running(podium_race(), tmp_path) as race:
        speaking = {"access": Access.SPEAKER}
        public = await page_of(browser, race, "/")
        speaker = await page_of(browser, race, "/speaker", race.cookie("Hélène", **speaking))
        other = await page_of(browser, race, "/speaker", race.cookie("Samir", **speaking))
        crew = await page_of(browser, race, "/crew", race.cookie())
        arrived = int(race.engine.view().board["counts"]["finished"])
        await crosses(race, 30, "10:29:50")
        await finished(public, speaker, crew, 30, arrived + 1)
        await expect(speaker.locator(".row.next")).not_to_have_count(0, timeout=20_000)
        await speaker.keyboard.press("Space")
        await expect(other.locator("#out .row.said")).to_have_count(1, timeout=20_000)
        port, folder = int(race.url.rpartition(":")[2]), race.engine.folder
    for page in (public, speaker, crew):
        await expect(page.locator("#cut")).to_contain_text("Liaison coupée", timeout=15_000)
    async with resumed(folder, port=port, clock="10:40:00") as race:
        await expect(other.locator("#out .row.said")).to_have_count(1, timeout=20_000)
        await crosses(race, 2600, "10:39:50")
        await crosses(race, 13, "10:39:55")
        for page in (public, speaker, other, crew):
            await expect(page.locator("#cut")).not_to_contain_text("Liaison coupée", timeout=20_000)
            assert await page.evaluate("window.sameLife"), "it was loaded again"
        await expect(other.locator("#out .row.said")).to_have_count(1, timeout=20_000)
