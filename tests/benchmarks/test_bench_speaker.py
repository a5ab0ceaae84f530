"""From a read on the wire to the event applied in the announcers' page: 1,000 reads a second, 50 streams, one browser.

Scored, not raw: the finisher has a time and a place in that event. Run by `make bench`; `SPEAKER_MINUTES=30` for long.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.async_api import async_playwright

from calanque.access_codes import AccessCodes
from calanque.folder import RaceFolder
from results.web.access import Access
from results.web.sessions import Sessions
from tests.benchmarks.live_load import measure

MINUTES = float(os.environ.get("SPEAKER_MINUTES", "1"))
STREAMS = 50
pytestmark = [pytest.mark.bench, pytest.mark.timeout(int(MINUTES * 60) + 240)]

WATCH = """() => {
  const root = document.documentElement;
  window.applied = [];
  new MutationObserver(() => window.applied.push([root.dataset.applied, Date.now()]))
    .observe(root, { attributes: true, attributeFilter: ["data-applied"] });
}"""


async def _stream(url: str, cookies: dict[str, str], seen: dict[str, str] | None) -> None:
    """Reads the announcers' stream; of one, `seen` gets the race clock of the event in which each bib first crossed."""
    async with (
        httpx.AsyncClient(timeout=None, cookies=cookies) as client,
        client.stream("GET", f"{url}/speaker/events") as stream,
    ):
        data: list[str] = []
        clock = ""
        async for line in stream.aiter_lines():
            if seen is None:
                continue
            if line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                sections: dict[str, Any] = json.loads("\n".join(data)).get("sections", {})
                data = []
                clock = str(sections.get("clock", {}).get("race_now_us", clock))
                for row in sections.get("arrivals", ()):
                    seen.setdefault(row["bib"], clock)


def test_a_read_is_in_the_announcers_page_at_once(tmp_path: Path) -> None:
    seen: dict[str, str] = {}
    applied: dict[str, float] = {}

    async def beside(url: str, seconds: float) -> None:
        folder = RaceFolder(tmp_path / "races" / "load")
        sessions = Sessions(folder.secret(), AccessCodes(folder).now)
        cookies = {sessions.cookie: sessions.begin(name="Hélène", access=Access.SPEAKER)}
        streams = [asyncio.create_task(_stream(url, cookies, seen if n == 0 else None)) for n in range(STREAMS)]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.context.add_cookies([{"name": name, "value": v, "url": url} for name, v in cookies.items()])
            await page.goto(f"{url}/speaker")
            await page.evaluate(WATCH)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await asyncio.sleep(5)
                for clock, at_ms in await page.evaluate("() => window.applied.splice(0)"):
                    applied.setdefault(clock, at_ms)
            await browser.close()
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)

    figures = asyncio.run(measure(round(MINUTES * 60), tmp_path, beside=beside))
    found = [
        (applied[seen[bib]] - due_us / 1000, due_us, way)
        for bib, (way, due_us) in figures.due_of.items()
        if bib in seen and seen[bib] in applied
    ]
    for way in ("finish", "far"):
        taken_ms = np.array([ms for ms, _, kind in found if kind == way])
        half = len(taken_ms) // 2
        first, second = np.median(taken_ms[:half]), np.median(taken_ms[half:])
        spread = f"median {np.median(taken_ms):.0f} ms, 99 % {np.quantile(taken_ms, 0.99):.0f} ms"
        print(f"\n{way}: n {len(taken_ms)}, {spread}; median of the first half {first:.0f}, of the second {second:.0f}")
        assert half > 50
        assert second < 1.5 * first, "it grows"
    print(figures)
