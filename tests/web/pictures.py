"""How pages looked in the last run of the tests: pictures in out/screenshots, to be laid beside their mocks."""

import re
from pathlib import Path
from typing import Final

from playwright.async_api import Page

FOLDER: Final = Path(__file__).parents[2] / "out" / "screenshots"


async def picture(page: Page, name: str) -> None:
    """Writes how the page looks now, named by what it is and how wide it is; a narrow one in its whole length."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    width = (page.viewport_size or {"width": 0})["width"]
    file = re.sub(r"\W+", "_", name).strip("_") or "home"
    await page.screenshot(path=FOLDER / f"{file}-{width}.png", full_page=width < 1000)
