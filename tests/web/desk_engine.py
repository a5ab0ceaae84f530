"""A running engine for the pages of the desk: few runners, a clock that goes, and a browser that has signed in."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser, BrowserContext, Page
from small_race import at

sys.path.insert(0, str(Path(__file__).parents[1] / "calanque"))

from told_race import ToldRace, small_field

from calanque.access_codes import AccessCodes
from calanque.engine import Engine, EngineOptions
from calanque.folder import RaceFolder
from config.loader import load_race
from readers.race_clock import RaceClock
from results.web.access import Access

OPENS_AT = "10:20:00"


@contextlib.asynccontextmanager
async def running(folder: RaceFolder, *, port: int = 0, clock: str = OPENS_AT) -> AsyncIterator[Engine]:
    """An engine that serves its pages; the race clock goes from an hour of race day on, as fast as life."""
    nothing = {str(source.id): "file" for source in load_race(folder.path).race.sources}
    options = EngineOptions(clock=RaceClock.simulated(at(clock), 1), connect=nothing, port=port)
    async with Engine.opened(folder, options) as engine:
        serving = asyncio.ensure_future(engine.run())
        try:
            while not folder.is_running:
                assert not serving.done(), await serving
                await asyncio.sleep(0.01)
            yield engine
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


Found = TypeVar("Found")


async def until(ask: Callable[[], Awaitable[Found]], good: Callable[[Found], bool], within_s: float = 20.0) -> Found:
    """The first answer that is good."""
    deadline = time.monotonic() + within_s
    while not good(found := await ask()):
        assert time.monotonic() < deadline, f"not within {within_s} s; the last was {found}"
        await asyncio.sleep(0.02)
    return found


def url_of(folder: RaceFolder) -> str:
    holder = folder.holder()
    assert holder is not None
    return str(holder["url"])


def desk_folder(root: Path, race: ToldRace | None = None) -> RaceFolder:
    return (race or small_field()).folder(root)


async def signed_in(
    browser: Browser, folder: RaceFolder, name: str = "Eva", *, width: int = 1280, height: int = 800, **how: Any
) -> BrowserContext:
    """A browser of its own, signed in for the crew."""
    context = await browser.new_context(viewport={"width": width, "height": height}, **how)
    form = {"name": name, "code": AccessCodes(folder).now()[Access.CREW]}
    answer = await context.request.post(f"{url_of(folder)}/sign-in", form=form, max_redirects=0)
    assert answer.status == 303, await answer.text()
    return context


async def opened(context: BrowserContext, url: str) -> Page:
    """A page; a mistake of its script is one of ours."""
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the script failed: {error}"))
    page.on("console", lambda message: print(message.type, message.text))
    await page.goto(url)
    return page
