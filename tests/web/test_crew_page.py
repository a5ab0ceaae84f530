"""The crew's console in a browser, over a real engine: what is decided, said and pressed there reaches the journal."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe import serious_faults
from crew_engine import CrewRace, armed_race, podium_race, resumed, running
from pictures import picture
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from test_live_page import CHROMIUM, FLAGS

from results.web.access import Access
from timing.desk_entries import AbandonBody, AlarmBody, ArmedBody, MatBody
from timing.rulings import Clear, Declare, MoveToWave, Role, SetGun

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def race(tmp_path: Path) -> AsyncIterator[CrewRace]:
    """Half past ten: women have finished, questions on the podium are open."""
    async with running(podium_race(), tmp_path) as race:
        yield race


async def console(
    browser: Browser,
    race: CrewRace,
    *,
    path: str = "/crew",
    name: str = "Hélène",
    access: Access = Access.CREW,
    width: int = 1280,
    height: int = 800,
) -> Page:
    """The console of somebody who signed in; every error of its script is an error of ours."""
    context = await browser.new_context(viewport={"width": width, "height": height})
    await context.add_cookies([race.cookie(name, access)])  # type: ignore[list-item]
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the script failed: {error}"))
    page.on("console", lambda said: pytest.fail(said.text) if "Content Security Policy" in said.text else None)
    await page.goto(race.url + path)
    await expect(page.locator("#hour")).not_to_have_text("–")
    return page


def row(page: Page, text: str) -> Locator:
    return page.locator(".dec > li", has=page.locator("a.one", has_text=text)).first


async def opened(page: Page, text: str) -> Locator:
    """The case whose sentence has this text, opened, with the effect of its first proposal."""
    await row(page, text).locator("a.one").click()
    case = page.locator("[data-case]").first
    await expect(case.locator(".eff")).to_be_visible()
    return case


async def test_a_ruling_is_previewed_committed_and_withdrawn_exactly(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    before = await page.locator("[data-pane=lists]").inner_text()
    case = await opened(page, "2600")
    await expect(case.locator(".eff")).to_contain_text("Temps officiels modifiés")
    await expect(case.locator(".eff tr", has_text="Temps officiels modifiés").locator("td").last).to_have_text("1")
    await expect(case.locator(".eff")).to_contain_text("1h05'00,000")
    await expect(case.locator(".eff")).to_contain_text("1h09'00,000")
    await race.settled()
    assert not race.state.rulings, "looking at an effect decides nothing"

    await case.locator("[data-commit]").click()
    done = page.locator(".slot .done")
    await expect(done).to_contain_text("Validé par Hélène")
    await race.settled()
    (ruling,) = race.state.rulings
    assert ruling.body.author == "Hélène"
    assert isinstance(ruling.body.act, MoveToWave)
    assert ruling.body.act.wave == "1"

    await done.get_by_role("button", name="Retirer").click()
    withdrawal = page.locator("[data-case=act]")
    await expect(withdrawal.locator("h3")).to_contain_text(re.compile(r"Retirer l'acte n°.\d+.: .*\(Hélène, "))
    await expect(withdrawal.locator(".eff")).to_contain_text("1h09'00,000")
    await withdrawal.locator("[data-commit]").click()
    await expect(page.locator(".slot .done")).to_contain_text("Retiré par Hélène")
    await race.settled()
    assert ruling.number in race.state.withdrawn
    await page.locator(".slot .done [data-close]").click()
    await expect(row(page, "2600")).to_be_visible()
    assert await page.locator("[data-pane=lists]").inner_text() == before


async def test_an_effect_that_changes_no_official_time_says_zero(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    case = await opened(page, "Le dossard 2, vu")
    await expect(case.locator(".eff tr", has_text="Temps officiels modifiés").locator("td").last).to_have_text("0")
    await case.get_by_label(re.compile("Motif")).fill("photo")
    await case.locator("[data-commit]").click()
    await expect(page.locator(".slot .done")).to_contain_text("Validé")
    await race.settled()
    (ruling,) = race.state.rulings
    assert isinstance(ruling.body.act, Clear)
    assert ruling.body.reason == "photo"


async def test_what_somebody_else_decided_meanwhile_refuses_the_commit_and_shows_the_case_anew(
    browser: Browser, race: CrewRace
) -> None:
    page = await console(browser, race)
    case = await opened(page, "2600")
    await race.command(
        "rule", act={"act": "declare", "bibs": ["2600"], "status": "NC", "at_us": "now"}, author="Samir", role="crew"
    )
    await case.locator("[data-commit]").click()
    said = page.locator(".slot [role=alert], .slot .done").first
    await expect(said).to_be_visible()
    await race.settled()
    assert [ruling.body.author for ruling in race.state.rulings] == ["Samir"]


async def test_what_only_the_jury_signs_is_shown_with_its_effect_and_not_committed_by_the_crew(
    browser: Browser, race: CrewRace
) -> None:
    page = await console(browser, race)
    case = await opened(page, "0,200 s")
    await expect(case).to_contain_text("Réservé : jury")
    await expect(case.locator("[data-commit]")).to_have_count(0)
    jury = await console(browser, race, name="Paul", access=Access.JURY)
    case = await opened(jury, "0,200 s")
    await case.locator("[data-commit]").click()
    await expect(jury.locator(".slot .done")).to_contain_text("Validé par Paul")
    await race.settled()
    (ruling,) = race.state.rulings
    assert (ruling.body.author, ruling.body.role) == ("Paul", Role.JURY)


async def test_cases_without_a_place_at_stake_are_settled_together(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await page.locator("#g-missed_split a.one").click()
    case = page.locator("[data-case=group-missed_split]")
    await expect(case.locator(".facts li")).to_have_count(4)
    await case.locator("[data-commit]").click()
    await expect(page.locator(".slot .done")).to_contain_text("Validé")
    await race.settled()
    (ruling,) = race.state.rulings
    assert isinstance(ruling.body.act, Clear)
    assert set(ruling.body.act.bibs) == {"10", "11", "12", "13"}
    await page.locator(".slot .done [data-close]").click()
    await page.mouse.move(5, 5)
    await expect(page.locator("#g-missed_split")).to_have_count(0)


async def test_an_alarm_is_taken_by_the_name_of_the_session_and_stays(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race, name="Samir")
    line = page.locator(".alarms > li[data-rank]").first
    text = await line.locator("p b").inner_text()
    await line.get_by_role("button").click()
    taken = page.locator(".alarms > li[data-rank]", has_text=text)
    await expect(taken.locator(".ack")).to_contain_text("Samir")
    await race.settled()
    (body,) = [each.body for each in race.state.desk]
    assert isinstance(body, AlarmBody)
    assert body.author == "Samir"
    assert body.text == text
    other = await console(browser, race, name="Inès")
    await expect(other.locator(".alarms > li[data-rank]", has_text=text).locator(".ack")).to_contain_text("Samir")


async def test_three_alarms_three_decisions_and_the_stamp_key_are_in_view_at_1280_by_800(
    browser: Browser, race: CrewRace
) -> None:
    page = await console(browser, race)
    await expect(page.locator(".alarms > li[data-rank]")).to_have_count(4)
    for lines, needed in ((page.locator(".alarms > li[data-rank]"), 3), (page.locator(".dec > li"), 3)):
        for number in range(needed):
            await expect(lines.nth(number)).to_be_in_viewport(ratio=1)
    await expect(page.locator("#keypad [data-part=press]")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("scrollY") == 0
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is beyond the side"


async def test_a_race_is_armed_its_gun_pressed_confirmed_and_its_start_closed(browser: Browser, tmp_path: Path) -> None:
    async with running(armed_race(), tmp_path, clock="8:59:30") as race:
        page = await console(browser, race)
        await expect(page.locator(".checks li").first).to_be_visible()
        await page.locator("#arming").get_by_role("button", name=re.compile("Armer")).click()
        await expect(page.locator("#arming h2")).to_contain_text("armée à 08:59")
        await race.settled()
        (armed,) = [each.body for each in race.state.desk if isinstance(each.body, ArmedBody)]
        assert armed.author == "Hélène"
        assert "guns" in armed.open_checks, "what was not in order was accepted by name"

        await expect(page.locator("#clock-error")).to_contain_text("±")
        before_us = race.engine.clock.now_us()
        await page.locator("button.gun").dispatch_event("pointerdown", {"button": 0})
        after_us = race.engine.clock.now_us()
        first = page.locator(".guns li").first
        await expect(first).to_contain_text("à confirmer")
        await race.settled()
        (gun,) = race.state.guns
        assert gun.body.origin == "button"
        assert gun.body.author == "Hélène"
        assert gun.body.instant_us is not None
        # By the page's measured clock: no better than its error, no worse than half a second here.
        assert before_us - 500_000 <= gun.body.instant_us <= after_us + 500_000

        await first.get_by_role("button", name="Confirmer").click()
        await page.locator("#said [data-commit]").click()
        await expect(first).to_contain_text("confirmé par Hélène")
        await race.settled()
        (ruling,) = race.state.rulings
        assert ruling.body.act == SetGun(wave="1", signal=gun.number)

        await page.get_by_role("button", name="Clore le départ").click()
        await expect(page.locator("#said")).to_contain_text("non-partants")
        await race.settled()
        assert not race.state.closings
        await page.locator("#said [data-commit]").click()
        await expect(page.locator(".closings")).to_contain_text("Départ clos à 08:59")
        await race.settled()
        (closing,) = race.state.closings
        assert (closing.body.point, closing.body.author) == ("start", "Hélène")


async def test_a_press_that_was_not_the_start_is_refused_and_kept_as_a_signal(browser: Browser, tmp_path: Path) -> None:
    async with running(armed_race(), tmp_path, clock="8:59:30") as race:
        page = await console(browser, race)
        await expect(page.locator("#clock-error")).to_contain_text("±")
        # By the keyboard: the key's way down is the time.
        await page.locator("button.gun").focus()
        await page.keyboard.press("Enter")
        first = page.locator(".guns li").first
        await first.get_by_role("button", name="Ce n'était pas le départ").click()
        await page.locator("#said [data-commit]").click()
        await expect(first).to_contain_text("prévu")
        await race.settled()
        (gun,) = race.state.guns
        await race.settled()
        assert gun.number in race.state.withdrawn
        await page.locator(".signals summary").click()
        await expect(page.locator(".signals li").first).to_contain_text("signal gardé")


async def test_a_press_without_a_link_is_kept_and_recorded_when_it_is_back(browser: Browser, tmp_path: Path) -> None:
    async with running(armed_race(), tmp_path, clock="8:59:30") as race:
        page = await console(browser, race)
        await expect(page.locator("#clock-error")).to_contain_text("±")
        await page.context.set_offline(True)
        pressed_us = race.engine.clock.now_us()
        await page.locator("button.gun").dispatch_event("pointerdown", {"button": 0})
        await expect(page.locator("#said")).to_contain_text("pas encore enregistré")
        await race.settled()
        assert not race.state.guns
        await page.wait_for_timeout(1_500)
        await page.context.set_offline(False)
        await expect(page.locator(".guns li").first).to_contain_text("à confirmer")
        await race.settled()
        (gun,) = race.state.guns
        assert gun.body.instant_us is not None
        assert abs(gun.body.instant_us - pressed_us) < 500_000, "the press is the time, not the sending"


async def test_an_abandon_is_reported_with_its_place_declared_and_its_reason_is_in_no_public_byte(
    browser: Browser, race: CrewRace
) -> None:
    page = await console(browser, race)
    form = page.locator("#abandon")
    await form.get_by_label("Dossard").fill("30")
    await form.get_by_label("Lieu").fill("Carpiagne")
    await form.get_by_label("km").fill("12,4")
    await form.get_by_label("Pour les médecins").fill("cheville foulée")
    await form.get_by_role("button").click()
    await expect(page.locator("#said-course")).to_contain_text("Abandon du 30 noté")
    await race.settled()
    (body,) = [each.body for each in race.state.desk]
    assert isinstance(body, AbandonBody)
    assert (body.bib, body.place, body.metres, body.private) == ("30", "Carpiagne", 12_400, "cheville foulée")
    await expect(page.locator(".abandons")).to_contain_text("cheville foulée")
    await expect(page.locator("#course tbody tr[data-key='30']")).to_contain_text("abandon signalé")
    await expect(page.locator(".totals [data-key=reported]")).to_contain_text("1")

    await page.locator("#said-course").get_by_role("button", name="Déclarer").click()
    await expect(page.locator("#said-course .eff")).to_contain_text("abandon")
    await page.locator("#said-course [data-commit]").click()
    await expect(page.locator("#said-course .done")).to_contain_text("Validé")
    await race.settled()
    (ruling,) = race.state.rulings
    assert isinstance(ruling.body.act, Declare)
    assert ruling.body.act.status == "DNF"

    public = await browser.new_context()
    named = ("/api/runners/30", "/api/runners/30/why", "/api/board", "/api/search?q=30", "/clock")
    for path in ("/", "/en", "/board", "/view.json", "/healthz", *named):
        answer = await public.request.get(race.url + path)
        assert answer.ok, path
        assert "cheville" not in (await answer.text())
    for path in ("/crew", "/events/crew", "/crew/on_course.csv", "/crew/pane/course"):
        answer = await public.request.get(race.url + path, max_redirects=0)
        assert answer.status in (303, 401), path
    table = await page.context.request.get(race.url + "/crew/on_course.csv")
    assert "cheville" not in (await table.text())


async def test_a_mat_is_lifted_and_laid_by_name(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    line = page.locator(".mats tr[data-key=FINISH-BACKUP], .mats tr").nth(2)
    await line.get_by_role("button", name=re.compile("Tapis levé")).click()
    await expect(page.locator(".mats .lift")).to_contain_text("levé à 10:30")
    await race.settled()
    (body,) = [each.body for each in race.state.desk]
    assert isinstance(body, MatBody)
    assert (body.laid, body.author) == (False, "Hélène")
    await page.locator(".mats tr.lifted").get_by_role("button", name=re.compile("Tapis posé")).click()
    await expect(page.locator(".mats .lift")).to_have_count(0)


async def test_refused_reads_lead_to_their_runners(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await page.locator("#search").fill("nom4")
    await page.keyboard.press("Enter")
    await page.locator("#said .found button").first.click()
    await expect(page.locator("#said .runner h3")).to_contain_text("4 Anne NOM4")
    await expect(page.locator("#said .runner")).to_contain_text("Coup de feu")


@pytest.mark.parametrize("path", ["/crew", "/en/crew"])
async def test_a_mat_shows_its_reads_by_minute_and_its_clock(browser: Browser, race: CrewRace, path: str) -> None:
    page = await console(browser, race, path=path)
    link = page.locator("#mat-5 .nm a")
    await link.focus()
    await page.keyboard.press("Enter")
    reads, clock = page.locator("[data-chart=reads]"), page.locator("[data-chart=clock]")
    await expect(reads.locator("canvas")).to_be_in_viewport()
    mat = await page.locator("#mat-5").get_attribute("data-key")
    answer = await page.context.request.get(f"{race.url}/crew/charts.json?mat={mat}")
    found = await answer.json()
    total = sum(sum(each["reads"]) for each in found["antennas"])
    assert total > 0
    await expect(reads.locator(".hint")).to_contain_text(re.compile(rf"^{total} (lectures|reads) "))
    await expect(clock.locator(".hint")).not_to_have_text("")
    assert await serious_faults(page) == []
    await picture(page, f"{path}/charts")
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(reads.locator("canvas")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    refused = await page.context.request.get(race.url + "/crew/charts.json?mat=elsewhere")
    assert mat is not None
    assert (refused.status, mat in (await refused.json())["error"]) == (409, True)


async def test_the_console_is_worked_by_the_keyboard_alone(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await page.keyboard.press("/")
    await expect(page.locator("#search")).to_be_focused()
    await page.keyboard.press("Alt+3")
    await expect(page.locator("#mat-3")).to_be_focused()
    await page.keyboard.press("Alt+a")
    await expect(page.locator(".alarms .btn").first).to_be_focused()
    await page.keyboard.press("Alt+p")
    await expect(page.locator("#keypad :focus")).to_have_count(1)
    await page.keyboard.press("Alt+d")
    await expect(page.locator(".dec a.one").first).to_be_focused()
    await page.keyboard.press("Enter")
    case = page.locator("[data-case]")
    await expect(case.locator("input[type=radio]:checked")).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".slot .done")).to_contain_text("Validé par Hélène")
    await race.settled()
    assert len(race.state.rulings) == 1


async def test_a_list_that_is_being_read_does_not_move(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await opened(page, "2600")
    keys = "[...document.querySelectorAll('.dec > li')].map((li) => li.dataset.key).join(' ')"
    before = await page.evaluate(keys)
    await race.command("rule", act={"act": "clear", "bibs": ["2"], "question": "missed_split"}, author="Samir")
    await expect(page.locator("#decisions-changed")).to_be_visible()
    assert await page.evaluate(keys) == before
    await page.locator("#decisions-changed button").click()
    await expect(page.locator("#decisions-changed")).to_be_hidden()
    assert await page.evaluate(keys) != before


async def test_f58_hostile_names_are_text(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await expect(page.locator("[data-pane=course]")).to_contain_text("<B>GRAS</B>")
    assert await page.locator("[data-pane=course] td b", has_text="GRAS").count() == 0


async def test_the_console_speaks_english(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race, path="/en/crew")
    await expect(page.locator("#h-decisions")).to_contain_text("To decide")
    await expect(page.locator("#h-mats")).to_contain_text("Mats")
    case = await opened(page, "2600")
    await expect(case.locator(".eff")).to_contain_text("Official times changed")
    await expect(case.locator(".eff")).to_contain_text("1:09:00.000")
    text = await page.locator("main").inner_text()
    assert not re.search(r"[«»]|Valider|Tapis", text)


async def test_speakers_and_strangers_do_not_reach_the_console(browser: Browser, race: CrewRace) -> None:
    context = await browser.new_context()
    await context.add_cookies([race.cookie("Marc", Access.SPEAKER)])  # type: ignore[list-item]
    assert (await context.request.get(race.url + "/crew")).status == 403
    assert (await context.request.get(race.url + "/events/crew")).status == 403
    await context.clear_cookies()
    await context.add_cookies([race.cookie()])  # type: ignore[list-item]
    forged = await context.request.post(race.url + "/crew/do/note", form={"text": "x"})
    assert forged.status == 403, "a write without the page's token is not one that was meant"
    await race.settled()
    assert not race.state.notes


async def test_the_shift_log_and_the_decisions_are_printed_and_exported(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await page.locator("#note").fill("Batterie km 5 vue")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log .log")).to_contain_text("Batterie km 5 vue")
    await expect(page.locator("#log .log li", has_text="Batterie")).to_contain_text("Hélène")
    table = await page.context.request.get(race.url + "/crew/shift_log.csv")
    assert "Batterie km 5 vue" in (await table.text())
    await page.goto(race.url + "/crew/print")
    await expect(page.locator(".paper")).to_contain_text("Batterie km 5 vue")
    await expect(page.locator(".printed")).to_contain_text("2600")


async def test_an_engine_that_ends_is_told_and_caught_up_with_when_it_is_back_without_a_reload(
    browser: Browser, tmp_path: Path
) -> None:
    async with running(podium_race(), tmp_path) as race:
        page = await console(browser, race)
        await page.evaluate("window.sameLife = true")
        port, folder = int(race.url.rpartition(":")[2]), race.engine.folder
        await race.command("alarm", key="questions:@1", text="Vu", author="Samir")
    await expect(page.locator("#cut")).to_contain_text("Liaison coupée", timeout=15_000)
    hatched = await page.locator(".mats td.rt").first.evaluate("(cell) => getComputedStyle(cell).backgroundImage")
    assert "gradient" in hatched, "what was live is not shown as if it still were"
    async with resumed(folder, port=port, clock="10:40:00") as race:
        await race.command("mat", mat="FINISH-BACKUP", laid=False, author="Samir")
        await expect(page.locator("#cut")).to_be_hidden(timeout=20_000)
        await expect(page.locator("#log .log")).to_contain_text("Samir")
        await expect(page.locator(".mats tr.lifted")).to_have_count(1)
        assert await page.evaluate("window.sameLife")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 768), (1280, 800), (1920, 1080)])
async def test_screenshots(browser: Browser, race: CrewRace, width: int, height: int) -> None:
    page = await console(browser, race, width=width, height=height)
    await expect(page.locator("#log .log li")).not_to_have_count(0)
    await expect(page.locator("#hand [data-part=error]")).to_contain_text("±")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await picture(page, "crew")


async def test_a_list_is_posted_by_the_crew_and_made_official_by_the_referee(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    line = page.locator("tr[data-key=sex-F]")
    await expect(line.locator(".stt")).to_have_text("provisoire")
    await line.get_by_role("button", name="Afficher").click()
    await race.settled()
    assert not race.state.postings, "nothing is posted before it is confirmed"
    await page.locator("#said [data-commit]").click()
    await expect(line.locator(".stt")).to_have_text("affichée")
    await line.get_by_role("button", name="Rendre officielle").click()
    await page.locator("#said [data-commit]").click()
    await expect(page.locator("#said .no")).to_contain_text("Refusé")
    referee = await console(browser, race, name="Aline", access=Access.REFEREE)
    line = referee.locator("tr[data-key=sex-F]")
    await line.get_by_role("button", name="Rendre officielle").click()
    await referee.get_by_label("Motif").fill("aucune réclamation")
    await referee.locator("#said [data-commit]").click()
    await expect(line.locator(".stt")).to_have_text("officielle")
    await race.settled()
    assert [(posting.body.state, posting.body.author) for posting in race.state.postings] == [
        ("posted", "Hélène"),
        ("official", "Aline"),
    ]


async def test_the_lists_are_published_after_a_confirmation(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await page.get_by_role("button", name="Publier les listes").click()
    await expect(page.locator("#said")).to_contain_text("publication 1")
    await page.locator("#said [data-commit]").click()
    await expect(page.locator("#said")).to_contain_text("Publication 1 faite")
    await expect(page.locator("#h-lists")).to_contain_text("publication 1 à 10:30")
    await race.settled()
    assert [publication.body.author for publication in race.state.publications] == ["Hélène"]


async def test_the_stamp_key_works_in_the_console_whatever_has_the_focus(browser: Browser, race: CrewRace) -> None:
    page = await console(browser, race)
    await expect(page.locator("#hand [data-part=error]")).to_contain_text("±")
    await page.locator("#note").focus()
    await page.keyboard.press("F8")
    await expect(page.locator("#hand .hand-rows li[data-key]")).to_have_count(1)
    await expect(page.locator("#note")).to_be_focused()
    await expect(page.locator("#tab-keypad")).to_have_text("1")


@pytest.mark.parametrize("theme", ["plein-soleil", "tente"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_no_serious_fault_with_a_case_open(
    browser: Browser, race: CrewRace, theme: str, width: int
) -> None:
    page = await console(browser, race, path=f"/crew?theme={theme}", width=width)
    await opened(page, "2600")
    assert await serious_faults(page) == []
