"""What announcers do at their page, in a browser: names said at two microphones, the look-up, what they enter."""

import re

from moving_race import HOSTILE, MovingRace
from playwright.async_api import Browser, BrowserContext, expect
from show_moving_race import ShownRace
from speaker_browser import calm as calm
from speaker_browser import current, keys_of, rows_of, signed_in, until
from speaker_browser import speaking as speaking
from test_live_page import browser as browser
from test_live_page import pytestmark as pytestmark

from results.web.server import LiveServer
from timing.instants import MINUTE


async def test_two_speakers_share_marks_and_either_takes_them_back(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    one = await signed_in(browser, speaking.url)
    two = await signed_in(browser, speaking.url, name="Samir", microphone="2")
    bib = await rows_of(one).nth(1).get_attribute("data-bib")
    at_one, at_two = (page.locator(f"#out .row[data-bib='{bib}']") for page in (one, two))
    await rows_of(one).nth(1).focus()
    await one.keyboard.press("Space")
    await expect(at_two).to_have_class(re.compile("said"))
    await expect(at_two).to_contain_text("dit, micro 1")
    await expect(two.locator("#mics")).to_contain_text("Hélène")
    assert [(command["bib"], command["mark"], command["author"]) for command in calm.commands] == [
        (bib, "said", "Hélène")
    ]
    await at_two.focus()
    await two.keyboard.press("ArrowUp")
    await expect(at_one).not_to_have_class(re.compile("said"))
    await expect(at_one).not_to_contain_text("dit, micro")
    assert bib not in calm.speaker.desk.marks


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
    await until(lambda: bool(calm.commands))
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


async def test_a_favourite_typed_in_is_never_dropped_and_unknown_bibs_are_told(
    browser: Browser, calm: ShownRace, speaking: LiveServer
) -> None:
    page = await signed_in(browser, speaking.url)
    await page.locator("#open-desk").click()
    form = page.locator("#favourites-form")
    await form.locator("textarea").fill("2\n99999, 4")
    await form.get_by_role("button", name="Ajouter").click()
    await expect(form.locator("output")).to_contain_text("Ajouté : 2")
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
    await expect(form.locator("output")).to_contain_text("Ajouté : 2")
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
        await until(lambda mark=mark: calm.commands and calm.commands[-1].get("mark") == mark)
    bibs = [command["bib"] for command in calm.commands]
    assert len(set(bibs)) == 3, "each key took the next one"
    await page.keyboard.press("ArrowUp")
    await until(lambda: calm.commands[-1] == {**calm.commands[-1], "mark": "unsaid", "bib": bibs[-1]})
    await page.keyboard.type("44")
    await expect(page.locator("#found, #card").locator("visible=true").first).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#card")).to_be_visible()
    await page.keyboard.press("+")
    await until(lambda: calm.commands[-1]["command"] == "favourites")
    assert calm.commands[-1]["values"] == ["44"]
    await page.keyboard.press("Escape")
    await expect(page.locator("#card")).to_be_hidden()
    reached = set()
    for _ in range(40):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.id || document.activeElement.dataset.do || ''"))
    assert {"q", "open-desk", "said", "freeze"} <= reached


async def test_f58_a_hostile_name_is_shown_as_it_is_written(browser: Browser, speaking: LiveServer) -> None:
    page = await signed_in(browser, speaking.url)
    await page.keyboard.type("3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#card h2")).to_contain_text(HOSTILE.upper())
    assert await page.locator("img").count() == 0


async def test_nobody_sees_the_page_without_signing_in(browser: Browser, speaking: LiveServer) -> None:
    context: BrowserContext = await browser.new_context()
    for path, status in (("/speaker/events", 401), ("/speaker/card/4", 401), ("/speaker/names.json", 401)):
        answer = await context.request.get(speaking.url + path)
        assert answer.status == status
    page = await context.new_page()
    await page.goto(f"{speaking.url}/speaker")
    assert "/sign-in" in page.url
