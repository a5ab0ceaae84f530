"""The first view as HTML: what a page says before and without its script."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from string import Formatter

import httpx
import pytest
from moving_race import HOSTILE, MovingRace
from show_moving_race import ShownRace
from small_race import at

from results.printing import Language
from results.web.app import build_app
from results.web.late import late_sentence
from results.web.pages import Pages
from results.web.speech import Speech
from results.web.stream import View
from results.web.words import LANGUAGES
from timing.instants import MINUTE, SECOND
from timing.late_data import LateData


def page(shown: ShownRace, name: str = "live", language: str = "fr", *, later_s: int = 0) -> str:
    view = shown.view()
    return Pages().html(name, view, language=language, theme=None, now_us=view.made_us + later_s * SECOND)


class Tags(HTMLParser):
    """All that a browser would act on: tags, attributes, text of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def text_of(html: str) -> str:
    """What a person reads: no tags, no data of the script."""
    body = html.split("</head>")[1].split('<script type="application/json"')[0]
    return re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_both_languages_say_the_same_things_with_the_same_figures() -> None:
    french, english = LANGUAGES["fr"], LANGUAGES["en"]
    assert french.keys() == english.keys()
    for key, text in french.items():
        fields = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert fields == {name for _, name, _, _ in Formatter().parse(english[key]) if name}, key


def test_french_never_begins_a_line_with_a_colon() -> None:
    assert not [key for key, text in LANGUAGES["fr"].items() if re.search(r" [:;?!%]", text)]


def test_the_page_says_counts_times_and_names_in_french_and_english(shown: ShownRace) -> None:
    board = shown.view().board
    row = next(row for row in board["arrivals"] if not row["withheld"])
    for language, separator in (("fr", "h"), ("en", ":")):
        text = text_of(page(shown, language=language))
        assert row["last"] in text
        assert Speech(LANGUAGES[language]).time(row["official_s"]) in text
        assert f"1{separator}" in Speech(LANGUAGES[language]).time(row["official_s"])
        assert Speech(LANGUAGES[language]).count(board["counts"]["finished"]) in text


def test_a_hostile_name_is_text_and_nothing_else(shown: ShownRace, race: MovingRace) -> None:
    third = next(n for n, entrant in enumerate(race.roster.entrants) if entrant.last_name == HOSTILE)
    shown.show(int(race.truth_us[2][third]))
    assert HOSTILE.upper() in [row["last"] for row in shown.view().board["arrivals"]]
    for name in ("live", "board"):
        html = page(shown, name)
        assert "&lt;IMG SRC=X ONERROR=ALERT(1)&gt;" in html
        tags = Tags(html).tags
        assert "img" not in {tag for tag, _ in tags}
        assert not [attrs for _, attrs in tags if any(key.startswith("on") or key == "style" for key in attrs)]


@pytest.mark.parametrize("name", ["live", "board"])
def test_nothing_is_asked_of_anybody_else_and_no_script_is_inline(shown: ShownRace, name: str) -> None:
    for tag, attrs in Tags(page(shown, name)).tags:
        for key in ("src", "href"):
            value = attrs.get(key)
            assert value is None or (value.startswith(("/", "?", "#")) and not value.startswith("//"))
        if tag == "script" and attrs.get("type") != "application/json":
            assert attrs["src"]
        assert tag != "style"


@pytest.mark.parametrize(
    ("minutes", "closed", "said"),
    [
        (-5, False, "Prêt. Départ prévu à 09:00:00"),
        (30, False, "personne n'est encore arrivé"),
        (100, False, "Les places peuvent encore changer"),
        (300, True, "Arrivée close à 14:00:00"),
    ],
)
def test_the_state_of_the_race_is_said_in_a_sentence(
    shown: ShownRace, race: MovingRace, minutes: int, closed: bool, said: str
) -> None:
    shown.show(race.first_gun_us + minutes * MINUTE, closed=closed)
    assert said in text_of(page(shown))


def test_a_finish_closed_as_of_the_end_of_the_day_is_not_given_that_hour(race: MovingRace) -> None:
    board = race.board(race.first_gun_us + 300 * MINUTE, number=1, closed=True)
    board["phase"] |= {"finish_closed_us": board["clock"]["race_now_us"] + 600 * MINUTE}
    text = text_of(Pages().html("live", View.of(board, made_us=5), language="fr", theme=None, now_us=5))
    assert "Arrivée close. " in text
    assert "Arrivée close à" not in text


def test_before_the_first_arrival_the_river_shows_when_each_wave_leaves(shown: ShownRace, race: MovingRace) -> None:
    shown.show(race.first_gun_us - 5 * MINUTE)
    text = text_of(page(shown))
    assert "Vague 8" in text
    assert "09:28:00" in text
    assert "−\u202f5'00" in text


def test_old_data_says_its_age_and_late_delivery_its_lag(shown: ShownRace, race: MovingRace) -> None:
    assert "à jour il y a" not in page(shown)
    assert "à jour il y a 3 s" in page(shown, later_s=3)
    assert "up to date 2 min 5 s ago" in page(shown, language="en", later_s=125)
    shown.show(race.first_gun_us + 100 * MINUTE, lag_us=42 * SECOND)
    assert "lectures livrées avec 42 s de retard" in page(shown)


LATE = LateData(
    point="GINESTE", reads=3_000, first_us=at("10:02:03"), last_us=at("10:41:10"),
    begun_us=at("11:20:40"), arrived_us=at("11:20:52"),
)  # fmt: skip


@pytest.mark.parametrize("name", ["live", "board"])
def test_late_data_is_said_with_its_point_its_reads_and_their_hours(
    shown: ShownRace, race: MovingRace, name: str
) -> None:
    assert "ardives" not in text_of(page(shown, name))
    one = replace(LATE, point="FINISH", reads=1, last_us=LATE.first_us)
    shown.show(race.first_gun_us + 140 * MINUTE, late=[LATE, one])
    french, english = text_of(page(shown, name)), text_of(page(shown, name, "en"))
    many = "Données tardives, Col de la Gineste\u00a0: 3\u00a0000 lectures de 10:02:03 à 10:41:10, arrivées à 11:20."
    assert f"{many} Données tardives, Arrivée\u00a0: 1 lecture de 10:02:03, arrivée à 11:20." in french
    assert "Late data from Col de la Gineste: 3,000 reads of 10:02:03-10:41:10, arrived at 11:20." in english
    assert late_sentence(LATE, race.plan.race, Language.EN) in english


def test_the_clock_of_a_simulated_race_runs_at_its_rate(shown: ShownRace, race: MovingRace) -> None:
    shown.show(race.first_gun_us + 100 * MINUTE, rate=60.0)
    text = text_of(page(shown, later_s=1))
    assert "1h41'00" in text
    assert "course simulée, ×\u00a060" in text


def test_a_link_that_is_down_is_said_with_its_hour(race: MovingRace) -> None:
    board = race.board(race.first_gun_us + 100 * MINUTE, number=1)
    for source in board["sources"]:
        if source["points"] == ["GINESTE"]:
            source |= {"link": "down"}
    html = Pages().html("live", View.of(board, made_us=5), language="fr", theme=None, now_us=5)
    assert "coupée depuis 10:39:00" in html or "sur 2 reliées" in html


def test_without_a_script_the_page_asks_again_by_itself(shown: ShownRace) -> None:
    assert re.search(r"<noscript><meta http-equiv=\"refresh\" content=\"\d+\"></noscript>", page(shown))


async def test_light_is_the_default_and_dark_is_kept_by_a_cookie(shown: ShownRace) -> None:
    transport = httpx.ASGITransport(app=build_app(shown))
    async with httpx.AsyncClient(transport=transport, base_url="http://race") as client:
        assert 'data-theme="tente"' not in (await client.get("/board")).text
        chosen = await client.get("/board?theme=tente")
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/board")
        assert 'data-theme="tente"' in (await client.get("/board")).text
        assert 'data-theme="tente"' in (await client.get("/en")).text
        await client.get("/?theme=plein-soleil")
        assert 'data-theme="tente"' not in (await client.get("/")).text
        assert (await client.get("/?theme=%22%3E%3Cscript")).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (3958, "1h05'58", "1:05:58"),
        (3438, "57'18", "57:18"),
        (12, "0'12", "0:12"),
        (-299, "−\u202f4'59", "−\u202f4:59"),
    ],
)
def test_times_look_as_each_language_writes_them(seconds: int, french: str, english: str) -> None:
    assert Speech(LANGUAGES["fr"]).time(seconds) == french
    assert Speech(LANGUAGES["en"]).time(seconds) == english


def test_what_is_expected_is_drawn_from_where_what_was_seen_ends_and_only_where_there_is_a_forecast(
    shown: ShownRace,
) -> None:
    html = page(shown)
    assert 'class="expected" points=""' in html
    view = shown.view()
    flow = view.board["flow"] | {"expected": [3000, 2, 1]}
    drawn = page_of(View(number=view.number, board={**view.board, "flow": flow}, made_us=view.made_us))
    (seen,), (expected,) = (re.findall(rf'class="{name}" points="([^"]*)"', drawn) for name in ("seen", "expected"))
    assert expected.split()[0] == seen.split()[-1]
    assert len(expected.split()) == 4
    assert "ensuite, prévu" in drawn


def page_of(view: View) -> str:
    return Pages().html("live", view, language="fr", theme=None, now_us=view.made_us)
