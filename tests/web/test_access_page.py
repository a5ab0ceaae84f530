"""The sign-in and the frame of staff pages in a browser: by keyboard alone, on phone and laptop, in two languages."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from show_moving_race import CODES, TOKEN, ShownRace
from staff_client import some_staff_routes
from test_live_page import CHROMIUM, FLAGS, opened
from test_live_page import pytestmark as pytestmark

from results.web.access import Access
from results.web.app import build_app
from results.web.server import LiveServer
from results.web.sessions import Sessions
from timing.instants import MINUTE

SIZES = [(390, 844), (1280, 800)]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def codes() -> dict[Access, str]:
    return dict(CODES)


@pytest.fixture
async def staffed(shown: ShownRace, codes: dict[Access, str]) -> AsyncIterator[LiveServer]:
    app = build_app(shown, token=TOKEN, sessions=Sessions(TOKEN, lambda: codes), staff=some_staff_routes)
    async with LiveServer(app) as server:
        yield server
        shown.hub.close()


async def sign_in_by_keyboard(page: Page, name: str, code: str, *, microphone: str = "") -> None:
    """The name has the focus; what follows is reached by Tab, and sent by Enter."""
    await expect(page.locator("#name")).to_be_focused()
    await page.keyboard.type(name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(code)
    if microphone:
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        for _ in range(int(microphone) - 1):
            await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    ("path", "refused", "as_whom"),
    [
        ("/speaker", "Ce code n'est pas en vigueur", "Connecté : Hélène, speaker, micro 2"),
        ("/en/speaker", "This code is not in force", "Signed in: Hélène, announcer, microphone 2"),
    ],
)
async def test_somebody_signs_in_and_out_by_keyboard_alone(
    browser: Browser, staffed: LiveServer, width: int, height: int, path: str, refused: str, as_whom: str
) -> None:
    page = await opened(browser, staffed.url + path, width=width, height=height)
    await sign_in_by_keyboard(page, "Hélène", "badoki luvana 9999", microphone="2")
    fault = page.get_by_role("alert")
    await expect(fault).to_contain_text(refused)
    await expect(page.locator("#code")).to_be_focused()
    await expect(page.locator("#name")).to_have_value("Hélène")
    await page.keyboard.type(CODES[Access.SPEAKER].upper().replace("-", " "))
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(staffed.url + path)
    await page.locator("#menu summary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#menu .as")).to_have_text(as_whom.replace(" :", "\u00a0:"))
    await page.keyboard.press("Escape")
    await expect(page.locator("#menu")).not_to_have_attribute("open", "")
    await page.keyboard.press("Enter")
    sign_out = page.locator("#menu button")
    for _ in range(8):
        await page.keyboard.press("Tab")
        if await sign_out.evaluate("button => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.locator("form.sign")).to_be_visible()


@pytest.mark.parametrize("path", ["/sign-in", "/en/sign-in?next=/en/speaker", "/crew"])
async def test_the_sign_in_fits_every_screen_and_thumb(browser: Browser, staffed: LiveServer, path: str) -> None:
    page = await opened(browser, staffed.url + path)
    for width, height in ((320, 640), *SIZES, (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        heights = await page.evaluate(
            "[...document.querySelectorAll('.tools a, form.sign button, .field > input, .mic, .other')]"
            ".map(node => node.offsetHeight)"
        )
        assert len(heights) == 9
        assert min(heights) >= 44
        labelled = await page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden])')]"
            ".every(input => input.labels.length || input.getAttribute('aria-label'))"
        )
        assert labelled


async def test_the_frame_of_a_page_stays_one_line_whoever_signed_in(browser: Browser, staffed: LiveServer) -> None:
    page = await opened(browser, f"{staffed.url}/crew")
    await sign_in_by_keyboard(page, "Jean-Christophe Van den Broucke-Castellani de la Penne", CODES[Access.JURY])
    await expect(page.locator("#menu")).to_be_visible()
    for width, height in ((320, 640), *SIZES, (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("document.querySelector('.bar').offsetHeight") <= 48


async def test_light_and_language_are_kept_through_the_sign_in(browser: Browser, staffed: LiveServer) -> None:
    page = await opened(browser, f"{staffed.url}/crew")
    await page.locator("#theme").click()
    await page.get_by_text("English").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "tente")
    await sign_in_by_keyboard(page, "Samir", CODES[Access.CREW])
    await expect(page).to_have_url(f"{staffed.url}/en/crew")
    await expect(page.locator("html")).to_have_attribute("data-theme", "tente")


async def test_without_a_script_the_sign_in_works_the_same(browser: Browser, staffed: LiveServer) -> None:
    page = await opened(browser, f"{staffed.url}/crew", java_script_enabled=False)
    await page.locator("#theme").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "tente")
    await page.locator("#name").fill("Samir")
    await page.locator("#code").fill(CODES[Access.CREW])
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{staffed.url}/crew")


async def test_a_page_follows_its_stream_says_when_its_session_is_over_and_goes_on_with_the_next(
    browser: Browser, staffed: LiveServer, shown: ShownRace, codes: dict[Access, str]
) -> None:
    """The engine's stream ends with the code; the same person signs in again in another window."""
    page = await opened(browser, f"{staffed.url}/speaker")
    await sign_in_by_keyboard(page, "Inès", CODES[Access.SPEAKER], microphone="1")
    await expect(page.locator("#menu")).to_be_visible()
    await page.evaluate(FOLLOWS)
    await expect(page.locator("#link-word")).to_have_text("En direct")
    newest = shown.show(shown.race.first_gun_us + 120 * MINUTE)
    await expect(page).to_have_title(f"{newest.board['counts']['finished']} finished")
    codes[Access.SPEAKER] = "renewed-code-7777"
    await expect(page.locator("#cut")).to_contain_text("Session terminée", timeout=20_000)
    await expect(page.locator("#cut a")).to_be_visible()
    assert await page.evaluate("window.given('status')") == 401
    await expect(page.locator("#cut a")).to_have_attribute("href", "/sign-in?next=/speaker")
    other = await page.context.new_page()
    await other.goto(f"{staffed.url}/sign-in")
    await sign_in_by_keyboard(other, "Inès", codes[Access.SPEAKER], microphone="1")
    await expect(other.locator("#menu")).to_be_visible()
    await page.bring_to_front()
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(page.locator("#cut a")).to_be_hidden()
    newest = shown.show(shown.race.first_gun_us + 130 * MINUTE)
    await expect(page).to_have_title(f"{newest.board['counts']['finished']} finished")
    await expect(page.locator("#cut")).to_be_hidden()
    assert await page.evaluate("window.given('status')") == 403, "a speaker asks, with the new session's token"
    assert "for crew" in await page.evaluate("window.answered")


FOLLOWS = """async () => {
  const { follow, command } = await import("/static/staff_link.js");
  follow("/speaker/events", (board) => { document.title = `${board.counts.finished} finished`; });
  window.given = async (name) => {
    const { status, answer } = await command(name);
    window.answered = answer.error;
    return status;
  };
}"""
