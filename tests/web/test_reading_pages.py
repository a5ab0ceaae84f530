"""Lists, search and a runner's page as HTML: what they say before and without a script."""

import gzip
import re
from collections.abc import AsyncIterator, Callable
from html import unescape
from string import Formatter
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from moving_race import HOSTILE, WITHHELD_NAME, MovingRace, moving_race
from show_moving_race import ShownRace
from test_live_page import some_posted
from test_pages import Tags

from results.people import Audience
from results.runner_card import runner_card
from results.web.app import build_app
from results.web.newest import Newest
from results.web.reading import Reading
from results.web.reading_words import READING
from results.web.runner_models import runner_model
from timing.instants import MINUTE
from timing.times import Status

BASE = "http://x"
FIRST_VIEW_MAX = 100_000
PAGE_MAX = 20_000


@pytest.fixture
async def get(shown: ShownRace) -> AsyncIterator[Callable[..., Any]]:
    """Asks the pages of the race; readers see each new view at once."""
    transport = httpx.ASGITransport(app=build_app(shown, reading_step_s=0.0))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:

        async def asked(path: str, **headers: str) -> httpx.Response:
            return await client.get(path, headers=headers)

        yield asked


def text_of(html: str) -> str:
    body = html.split("</head>")[-1].split('<script type="application/json"')[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def rows_of(html: str) -> list[str]:
    return [text_of(row) for row in re.findall(r"<tr role=\"row\" data-row.*?</tr>", html)]


def bib_of(shown: ShownRace, status: Status, *, start_read: bool = True) -> str:
    standing = shown.standing()
    for index, person in enumerate(standing.people(Audience.PUBLIC)):
        card = None if person.withheld else runner_card(standing, standing.roster.entrants[index].bib)
        if card is not None and card.status is status and card.start_read is start_read and card.last_us is not None:
            return card.bib
    raise AssertionError(f"nobody is {status}")


def test_both_languages_say_the_same_things_with_the_same_figures() -> None:
    french, english = READING["fr"], READING["en"]
    assert french.keys() == english.keys()
    for key, text in french.items():
        fields = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert fields == {name for _, name, _, _ in Formatter().parse(english[key]) if name}, key
    assert not [key for key, text in french.items() if re.search(r" [:;?!%]", text)]


async def test_every_list_the_public_may_see_has_its_page_in_both_languages(get: Any, shown: ShownRace) -> None:
    lists = shown.standing().lists(Audience.PUBLIC)
    assert "federation" not in {ranked.id for ranked in lists}
    for ranked in lists:
        for prefix in ("", "/en"):
            page = await get(f"{prefix}/lists/{ranked.id}")
            assert page.status_code == 200
            assert len(rows_of(page.text)) == min(50, len(ranked))
    assert (await get("/lists/federation")).status_code == 404


async def test_a_list_is_read_a_page_at_a_time(get: Any, shown: ShownRace) -> None:
    every = len(shown.standing().shown.by_id["scratch"])
    assert every > 13
    home, rest = await get("/"), await get("/lists/scratch?from=13")
    assert len(rows_of(home.text)) == 12
    assert f"Places 13 à {min(every, 62)}" in text_of(home.text)
    assert len(rows_of(rest.text)) == min(50, every - 12)
    seen = [
        row for start in range(1, every + 1, 50) for row in rows_of((await get(f"/lists/scratch?from={start}")).text)
    ]
    assert len(seen) == every
    assert (await get(f"/lists/scratch?from={every + 500}")).status_code == 200
    assert len(rows_of((await get("/lists/scratch?from=-3&count=x")).text)) == min(50, every)
    assert len(rows_of((await get("/lists/scratch?count=9999")).text)) == min(100, every)


async def test_over_each_list_stands_its_own_state_and_who_is_still_running(
    get: Any, shown: ShownRace, race: MovingRace
) -> None:
    now_us = race.first_gun_us + 100 * MINUTE
    shown.show(now_us, states=some_posted(race), publication={"number": 17, "at_us": now_us})
    women, men, overall = [text_of((await get(f"/lists/{i}")).text) for i in ("sex-F", "sex-M", "scratch")]
    assert "Affiché à" in women
    assert "Officiel." in men
    assert "Les 3 premiers." in men
    assert "Provisoire." in overall
    running = sum(shown.standing().times.status == Status.STARTED)
    assert f"{running} en course." in overall
    assert "publication 17 à" in overall
    html = (await get("/lists/sex-M")).text
    assert [row.count("pl of") for row in re.findall(r"<tr role=\"row\" data-row.*?</tr>", html)][:5] == [1, 1, 1, 0, 0]


async def test_equal_printed_times_with_different_places_say_why(get: Any, shown: ShownRace) -> None:
    """Of 600 runners some are always within a second of each other."""
    html = "".join([(await get(f"/lists/scratch?from={n}&count=100")).text for n in range(1, 500, 100)])
    assert re.search(r'<abbr class="why" title="au 1/100\xa0: [^"]+">1/100', html)


async def test_categories_have_a_page_of_their_leaders_and_each_its_own(get: Any) -> None:
    family = await get("/lists/category")
    assert "SEM, Seniors hommes" in text_of(family.text)
    one = await get("/lists/category-SEM")
    assert '<span class="cat">SEM</span>' in one.text
    assert 'aria-current="page">SEM' in one.text


async def test_clubs_are_listed_and_each_shows_its_runners_with_their_overall_places(get: Any) -> None:
    clubs = await get("/clubs")
    assert "Martigues" in text_of(clubs.text)
    assert "secret" not in clubs.text.lower()
    club = await get("/clubs/martigues")
    rows = rows_of(club.text)
    assert rows
    assert all("Martigues" in row for row in rows)
    assert (await get("/clubs/club-secret")).status_code == 404


# ---- search ----


async def test_a_search_works_as_a_plain_form_and_as_a_part_of_the_page(get: Any, shown: ShownRace) -> None:
    whole = await get("/search?q=veselka")
    part = await get("/search?q=veselka", **{"HX-Request": "true"})
    assert "<html" in whole.text
    assert "<html" not in part.text
    assert part.text.count('class="hit"') == whole.text.count('class="hit"') > 0
    assert "VESELKA" in text_of(part.text)
    assert "/runners/" in part.text
    assert 'value="veselka"' in whole.text
    assert "HX-Request" in whole.headers["vary"]


async def test_a_bib_leads_to_its_runner_and_nobody_to_a_sentence(get: Any) -> None:
    assert 'href="/runners/17"' in (await get("/search?q=17")).text
    assert 'href="/en/runners/17"' in (await get("/en/search?q=17")).text
    assert "Personne de ce nom" in text_of((await get("/search?q=zzzz")).text)
    assert (await get("/search")).status_code == 200


@pytest.mark.parametrize(
    "asked", ["<script>alert(1)</script>", '"><img src=x onerror=1>', "%00", "{{7*7}}", "é" * 300, "\ud7ff\u202e"]
)
async def test_whatever_is_asked_is_text(get: Any, asked: str) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        page = await get(f"/search?q={quote(asked)}", **headers)
        assert page.status_code == 200
        tags = Tags(page.text).tags
        assert "alert" not in str([attrs for tag, attrs in tags if tag == "script"])
        assert not [tag for tag, attrs in tags if tag == "img" or any(name.startswith("on") for name in attrs)]


async def test_f58_a_hostile_name_is_text_wherever_it_is_read(get: Any) -> None:
    for path in ("/lists/scratch", "/search?q=img", "/runners/3", "/", "/api/search?q=img"):
        html = (await get(path)).text
        assert HOSTILE.upper() not in html.upper() or path.startswith("/api"), path
    assert "ONERROR" in text_of((await get("/runners/3")).text)


# ---- a runner ----


async def test_a_finisher_has_both_times_places_splits_and_a_chart_with_its_sentence(
    get: Any, shown: ShownRace
) -> None:
    bib = bib_of(shown, Status.FINISHED)
    card = runner_card(shown.standing(), bib)
    assert card is not None
    model = runner_model(card, Reading("fr", shown.race.plan), None)
    page = await get(f"/runners/{bib}")
    text = text_of(page.text)
    for said in (model["official"], model["net"], model["places"][0]["place"], "Col de la Gineste", "Provisoire."):
        assert said in text
    (label,) = [
        attrs["aria-label"] for tag, attrs in Tags(page.text).tags if tag == "svg" and attrs.get("role") == "img"
    ]
    assert label is not None
    assert re.match(r"Allure\xa0: \d+'\d\d au km, montée, du km 0 au km 10, .*, du km 10 au km 20\.", label)


async def test_an_unread_start_says_so_and_has_no_net_time(race: MovingRace) -> None:
    shown = ShownRace(race)
    shown.show(race.first_gun_us + 200 * MINUTE)
    bib = bib_of(shown, Status.FINISHED, start_read=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=build_app(shown)), base_url=BASE) as client:
        page = (await client.get(f"/runners/{bib}")).text
    assert "Non calculé : départ non lu" in text_of(page)
    assert "départ non lu jusqu'au km 10" in unescape(page)
    (mine,) = re.findall(r'class="mine" d="([^"]*)"', page)
    assert mine.startswith("M500.0 ")


async def test_somebody_running_has_the_last_point_and_the_page_follows(get: Any, shown: ShownRace) -> None:
    bib = bib_of(shown, Status.STARTED)
    page = await get(f"/runners/{bib}")
    assert "En course. Dernier passage lu" in text_of(page.text)
    assert f'data-poll="/runners/{bib}"' in page.text
    part = await get(f"/runners/{bib}", **{"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'hx-swap-oob="true"' in part.text
    assert "data-poll" not in (await get(f"/runners/{bib_of(shown, Status.FINISHED)}")).text


async def test_a_withheld_runner_has_a_page_that_says_so_and_nothing_else(get: Any, shown: ShownRace) -> None:
    standing = shown.standing()
    people = standing.people(Audience.PUBLIC)
    told = [person.bib for person in people if person.withheld and person.bib]
    hidden = [standing.roster.entrants[n].bib for n, person in enumerate(people) if person.withheld and not person.bib]
    assert told
    assert hidden
    page = await get(f"/runners/{told[0]}")
    assert "nom de ce coureur n'est pas publié" in text_of(page.text)
    assert not re.search(r"\d+'\d\d", text_of(page.text))
    unknown = await get("/runners/nobody")
    for bib in hidden:
        one = await get(f"/runners/{bib}")
        assert (one.status_code, one.text.replace(bib, "?")) == (404, unknown.text.replace("nobody", "?"))
        assert (await get(f"/runners/{bib}/why")).status_code == 404
    assert (await get(f"/runners/{told[0]}/why")).status_code == 404
    assert shown.asked_why == []


async def test_why_is_told_in_words_on_a_page_of_its_own_and_as_a_part(get: Any, shown: ShownRace) -> None:
    bib = bib_of(shown, Status.FINISHED)
    whole = await get(f"/runners/{bib}/why")
    part = await get(f"/runners/{bib}/why", **{"HX-Request": "true"})
    assert "Aucune décision n'a touché ce temps." in text_of(whole.text)
    assert "<html" not in part.text
    assert "Temps officiel" in text_of(part.text)


async def test_f60_no_withheld_name_is_in_any_page_of_the_whole_race(
    get: Any, shown: ShownRace, race: MovingRace
) -> None:
    withheld = [n for n, entrant in enumerate(race.roster.entrants) if not entrant.public]
    shown.show(int(race.truth_us[-1][withheld].max()))
    paths = ["/", "/en", "/clubs", "/lists/category", f"/search?q={WITHHELD_NAME}", "/search?q=secret", "/api/board"]
    paths += [f"/{kind}lists/{r.id}?count=100&from={n}" for r in shown.standing().lists(Audience.PUBLIC)
              for kind in ("", "api/") for n in range(1, len(r) + 1, 100)]  # fmt: skip
    paths += [f"/runners/{race.roster.entrants[n].bib}" for n in withheld]
    paths += [f"/api{path}" for path in paths if path.startswith("/runners")]
    for path in paths:
        body = (await get(path)).text.lower()
        if "q=" in path:
            body = body.replace(path.split("q=")[1].lower(), "")
        assert WITHHELD_NAME.lower() not in body, path
        assert "secret" not in body, path


# ---- what a page weighs, and what it may do ----


async def test_the_first_view_is_below_100_kb_with_everything_it_needs_and_other_pages_below_20_kb() -> None:
    """As in a race of 20,000; the font is the one that names need most."""
    shown = ShownRace(moving_race(20_000))
    shown.show(shown.race.first_gun_us + 130 * MINUTE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=build_app(shown)), base_url=BASE) as client:

        async def weight(path: str) -> int:
            return len(gzip.compress((await client.get(path)).content))

        html = (await client.get("/")).text
        needed = {unescape(found) for found in re.findall(r'(?:href|src)="(/static/[^"]+)"', html)}
        assert any("htmx" in path for path in needed)
        total = await weight("/") + sum([await weight(path) for path in needed])
        total += await weight("/static/base/fonts/encode-sans-latin.woff2")
        assert total < FIRST_VIEW_MAX, total
        pages = [
            "/",
            "/lists/scratch?from=5001",
            "/lists/category",
            "/clubs",
            "/runners/7412",
            "/search?q=le",
            "/lists/scratch?count=100",
        ]
        for path in pages:
            assert await weight(path) < PAGE_MAX, path
        scripts = [path for path in needed if path.split("?")[0].endswith(".js")]
        assert not any("uplot" in path for path in scripts)


@pytest.mark.parametrize(
    "path", ["/lists/scratch", "/search?q=a", "/runners/17", "/clubs", "/lists/category", "/runners/nobody", "/"]
)
async def test_no_page_has_code_or_style_of_its_own_or_asks_anybody_else(get: Any, path: str) -> None:
    page = await get(path)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    for tag, attrs in Tags(page.text).tags:
        assert "style" not in attrs, tag
        assert not [name for name in attrs if name.startswith(("on", "hx-on"))], tag
        assert tag != "style"
        if tag == "script":
            assert attrs.get("src", "").startswith("/static/") or attrs.get("type") == "application/json"
        for name in ("href", "src", "action", "hx-get"):
            assert re.match(r"[/?#]", attrs.get(name) or "/"), (tag, attrs)
    config = next(attrs["content"] for _, attrs in Tags(page.text).tags if attrs.get("name") == "htmx-config")
    assert '"allowEval":false' in config
    assert '"includeIndicatorStyles":false' in config


@pytest.mark.parametrize(
    "path", ["/lists/scratch", "/search", "/runners/17", "/api/lists", "/clubs", "/runners/17/why"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_pages_one_reads_take_nothing_but_questions(shown: ShownRace, path: str, method: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=build_app(shown)), base_url=BASE) as client:
        answer = await client.request(method, path)
    assert answer.status_code in (401, 404, 405)


async def test_the_other_language_is_the_same_page(get: Any) -> None:
    assert 'href="/en/lists/sex-F?from=51"' in unescape((await get("/lists/sex-F?from=51")).text)
    assert 'href="/lists/sex-F?from=51"' in unescape((await get("/en/lists/sex-F?from=51")).text)


async def test_light_or_dark_is_kept_on_pages_one_reads(get: Any) -> None:
    chosen = await get("/lists/sex-F?from=51&theme=tente")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/lists/sex-F?from=51")
    page = await get("/lists/sex-F", Cookie="theme=tente")
    assert 'data-theme="tente"' in page.text


async def test_readers_of_one_second_are_given_the_same_race_and_the_next_second_the_newest(
    shown: ShownRace, race: MovingRace
) -> None:
    clock = [0.0]
    newest = Newest(shown, now_s=lambda: clock[0])
    first = newest.standing()
    page = newest.kept("page", lambda standing: [standing.at_us])
    shown.show(race.first_gun_us + 110 * MINUTE)
    clock[0] = 0.9
    assert newest.standing() is first
    assert newest.kept("page", lambda standing: [standing.at_us]) is page
    clock[0] = 1.0
    assert newest.standing().at_us == race.first_gun_us + 110 * MINUTE
    assert newest.kept("page", lambda standing: [standing.at_us]) == [race.first_gun_us + 110 * MINUTE]


async def test_an_answer_that_was_made_from_an_older_race_is_not_kept_for_the_newer(shown: ShownRace) -> None:
    newest = Newest(shown, step_s=0.0)
    older = newest.standing()
    shown.show(shown.race.first_gun_us + 110 * MINUTE)
    newest.standing()
    newest.keep("page", "old", older)
    assert newest.answer("page") is None


@pytest.mark.parametrize("headers", [{}, {"Cookie": "theme=tente"}, {"HX-Request": "true"}])
async def test_a_page_that_is_kept_is_kept_for_those_who_asked_for_the_same(
    shown: ShownRace, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=build_app(shown)), base_url=BASE) as client:
        others = [await client.get("/lists/sex-F"), await client.get("/en/lists/sex-F", headers=headers)]
        once = await client.get("/lists/sex-F", headers=headers)
        again = await client.get("/lists/sex-F", headers=headers)
    assert once.text == again.text
    assert once.headers["vary"] == again.headers["vary"]
    assert "Temps officiel" in text_of(again.text)
    assert (again.text == others[0].text) is (headers == {})
