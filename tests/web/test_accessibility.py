"""axe-core finds no serious fault in any page, in both themes, on a phone and on a laptop."""

import pytest
from axe import serious_faults
from playwright.async_api import Browser, expect
from test_access_page import browser as browser
from test_access_page import codes as codes
from test_access_page import staffed as staffed
from test_live_page import opened
from test_live_page import pytestmark as pytestmark

from results.web.server import LiveServer

PUBLIC = (
    "/", "/en", "/board", "/en/board", "/sign-in", "/en/sign-in", "/lists/scratch", "/en/lists/sex-F",
    "/lists/category", "/clubs", "/search?q=ves", "/runners/17", "/en/runners/17", "/runners/17/why", "/runners/nobody",
)  # fmt: skip


@pytest.mark.parametrize("path", PUBLIC)
async def test_a_public_page_keeps_nobody_out(browser: Browser, staffed: LiveServer, path: str) -> None:
    for width, height in ((390, 844), (1280, 800)):
        page = await opened(browser, staffed.url + path, width=width, height=height)
        await expect(page.locator("h1").first).to_be_attached()
        for theme in ("", "tente"):
            await page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            assert await serious_faults(page) == [], (width, theme)
        await page.context.close()
