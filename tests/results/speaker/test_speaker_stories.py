"""Why to mention a runner: facts alone, the strongest first, in French and English."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from results_builder import DAY, runner
from settled_race import Way, at, bounded_plan, seen_at

from config.loader import load_race
from config.palmares import Winner
from config.plan import RacePlan, SpeakerPlan
from results.eligibility import Eligibility
from results.printing import Language
from results.records import record_chases
from results.speaker.stories import Story, StoryKind, stories_of
from results.speaker.story_frame import StoryFrame, story_frame_of
from results.speaker.story_moment import StoryMoment
from results.speaker.story_words import of_place, story_words, town_name, with_article
from timing.roster import Bib, Entrant, Roster, Sex

MARSEILLE = load_race("marseille_cassis_2024")


def moment_at(
    minutes: float, entrants: Sequence[Entrant], ways: Mapping[str, Way], *, plan: RacePlan | None = None, **more: Any
) -> StoryMoment:
    seen = seen_at(minutes, entrants, ways, plan=plan or bounded_plan())
    return StoryMoment(
        frame=StoryFrame.of(seen.rankings.eligibility), times=seen.times, rankings=seen.rankings, now_us=at(minutes),
        **{"chases": record_chases(seen.rankings, seen.times), **more},
    )  # fmt: skip


def told(moment: StoryMoment, bib: str) -> tuple[Story, ...]:
    return stories_of(moment, moment.frame.eligibility.roster.by_bib[bib])  # type: ignore[index]


def kinds(moment: StoryMoment, bib: str) -> list[StoryKind]:
    return [story.kind for story in told(moment, bib)]


def one(moment: StoryMoment, bib: str, kind: StoryKind) -> Story:
    (story,) = (story for story in told(moment, bib) if story.kind is kind)
    return story


def words(moment: StoryMoment, bib: str, language: Language = Language.FR) -> list[str]:
    entrant = moment.frame.eligibility.roster.entrants[moment.frame.eligibility.roster.by_bib[bib]]  # type: ignore[index]
    return [story_words(s, language, moment.plan, feminine=entrant.sex is Sex.F) for s in told(moment, bib)]


def field(count: int = 30, **changes: Any) -> list[Entrant]:
    return [runner(n, "F" if n % 3 == 0 else "M", **changes) for n in range(1, count + 1)]


def ways_of(count: int = 30) -> dict[str, Way]:
    return {str(n): Way(0, 30 + n, 60 + 2 * n) for n in range(1, count + 1)}


# ---- places ----


def test_the_first_woman_is_the_strongest_word_and_her_place_among_all_stands_behind_it() -> None:
    moment = moment_at(200, field(), ways_of())
    assert kinds(moment, "3")[:3] == [StoryKind.WINS, StoryKind.PODIUM, StoryKind.CATEGORY]
    assert words(moment, "3")[:3] == ["1re femme", "3e au scratch", "1re M0F"]
    assert words(moment, "3", Language.EN)[0] == "1st woman"
    assert words(moment, "6")[0] == "2e femme"


def test_the_first_of_all_is_said_once_and_not_for_the_sex_again() -> None:
    assert [words(moment_at(200, field(), ways_of()), "1").count(text) for text in ("1er homme", "1er au scratch")] == [
        1,
        0,
    ]


def test_weights_never_rise_down_the_list_and_everything_is_json_ready() -> None:
    moment = moment_at(200, field(town="Cassis", editions=10), ways_of())
    for bib in ("1", "3", "9", "30"):
        weights = [story.weight for story in told(moment, bib)]
        assert weights == sorted(weights, reverse=True)
        json.dumps([dict(story.values) for story in told(moment, bib)])


def test_on_the_way_the_place_at_the_last_split_is_said_with_its_point() -> None:
    moment = moment_at(45, field(), {bib: replace(way, finish=None) for bib, way in ways_of().items()})
    lead = one(moment, "3", StoryKind.LEADS)
    assert (lead.values["scope"], lead.values["point"]) == ("F", "GINESTE")
    assert "en tête des femmes (Col de la Gineste)" in words(moment, "3")
    assert "led the women (Col de la Gineste)" in words(moment, "3", Language.EN)
    assert StoryKind.WINS not in kinds(moment, "3")


def test_who_is_to_be_checked_by_eye_is_called_the_first_of_nothing() -> None:
    moment = moment_at(200, field(editions=10), ways_of(), unchecked=frozenset({2}))
    assert kinds(moment, "3") == [StoryKind.EDITIONS]


def test_the_leader_of_the_oldest_category_is_said_to_be_that() -> None:
    entrants = [*field(6), runner(7, birth_year=1940), runner(8, birth_year=1941)]
    ways = {**ways_of(6), "7": Way(0, 60, 130), "8": Way(0, 61, 131)}
    story = one(moment_at(200, entrants, ways), "7", StoryKind.CATEGORY)
    assert (story.values["oldest"], story.values["youngest"]) == (True, False)
    assert words(moment_at(200, entrants, ways), "7")[0].endswith(", la catégorie la plus âgée")


# ---- sprints and ties ----


def test_two_within_two_seconds_for_a_place_of_the_first_ten_are_a_sprint() -> None:
    ways = {**ways_of(), "2": Way(0, 31, 62 + 1.5 / 60)}
    moment = moment_at(200, field(), ways)
    assert one(moment, "1", StoryKind.SPRINT).values["with"] == ["2"]
    assert one(moment, "2", StoryKind.SPRINT).values["place"] == 1
    far = moment_at(200, field(), {**ways, "2": Way(0, 31, 62 + 2.5 / 60)})
    assert StoryKind.SPRINT not in kinds(far, "1")


def test_equal_times_from_different_guns_are_no_sprint() -> None:
    entrants = [runner(1), runner(2, wave="2")]
    moment = moment_at(200, entrants, {"1": Way(0, 31, 62), "2": Way(4, 35, 66 + 1 / 60)})
    assert StoryKind.SPRINT not in kinds(moment, "1")


def test_those_seen_before_the_line_within_two_seconds_are_coming_for_a_place() -> None:
    ways = {**ways_of(), "2": replace(ways_of()["2"], finish=None), "4": replace(ways_of()["4"], finish=None)}
    due = {1: at(64), 3: at(64) + 1_000_000}
    story = one(moment_at(63.9, field(), ways, due_us=due), "2", StoryKind.SPRINT)
    assert (story.values["place"], story.values["with"]) == (2, ["4"])


def test_a_tie_names_the_other() -> None:
    ways = {**ways_of(), "2": Way(0, 31, 62)}
    moment = moment_at(200, field(), ways)
    assert one(moment, "1", StoryKind.TIE).values["with"] == ["2"]
    assert "ex æquo à la 1re place (dossard\u00a02)" in words(moment, "1")


def test_a_tie_in_the_category_alone_is_told_as_well() -> None:
    entrants = [*field(), runner(40, birth_year=1960), runner(41, birth_year=1960)]
    moment = moment_at(300, entrants, {**ways_of(), "40": Way(0, 70, 150), "41": Way(0, 71, 150)})
    assert one(moment, "40", StoryKind.TIE).values["list"].startswith("category-")
    assert [kind for kind in kinds(moment, "41") if kind is StoryKind.TIE] == [StoryKind.TIE]


# ---- records ----


def with_palmares(**changes: Any) -> RacePlan:
    return replace(
        bounded_plan(), past_winners=MARSEILLE.past_winners, course_versions=MARSEILLE.course_versions, **changes
    )


def test_a_new_record_leads_and_is_to_be_confirmed() -> None:
    moment = moment_at(200, field(), {**ways_of(), "1": Way(0, 30, 59)}, plan=with_palmares())
    assert kinds(moment, "1")[0] is StoryKind.RECORD
    assert words(moment, "1")[0] == "record du parcours, à confirmer (ancien record 59'16, 2017)"
    assert words(moment, "1", Language.EN)[0] == "course record, to be confirmed (old record 59:16, 2017)"


@pytest.mark.parametrize(("split", "in_reach"), [(29.5, True), (29.9, True), (30.1, False)])
def test_a_record_is_in_reach_within_one_in_a_hundred_at_the_last_point(split: float, in_reach: bool) -> None:
    ways = {"1": Way(0, split, None)}  # half of 59'16 is 29'38
    assert (StoryKind.RECORD_IN_REACH in kinds(moment_at(45, field(), ways, plan=with_palmares()), "1")) is in_reach


def test_an_estimated_split_of_the_record_is_said_to_be_about() -> None:
    ways = {"1": Way(0, 29.5, None)}
    text = words(moment_at(45, field(), ways, plan=with_palmares()), "1")[0]
    assert text == "record à portée\u00a0: environ 0'08 d'avance (Col de la Gineste)"


# ---- the person ----


@pytest.mark.parametrize(
    ("editions", "said"), [(1, False), (9, False), (10, True), (12, False), (15, True), (45, True)]
)
def test_round_numbers_of_editions_are_a_story(editions: int, said: bool) -> None:
    moment = moment_at(200, field(30, editions=editions), ways_of())
    assert (StoryKind.EDITIONS in kinds(moment, "20")) is said


def test_who_has_run_every_edition_is_told_so_whatever_the_number() -> None:
    plan = bounded_plan()
    plan = replace(plan, race=replace(plan.race, edition=13))
    moment = moment_at(200, field(30, editions=13), ways_of(), plan=plan)
    assert "a couru toutes les éditions (13)" in words(moment, "20")


def test_birthdays_are_told_only_where_the_race_file_says_so_and_the_date_never() -> None:
    born = date(1988, DAY.month, DAY.day)
    entrants = field(30, birth_date=born, birth_year=None)
    assert StoryKind.BIRTHDAY not in kinds(moment_at(200, entrants, ways_of()), "20")
    plan = replace(bounded_plan(), speaker=SpeakerPlan(birthdays=True))
    moment = moment_at(200, entrants, ways_of(), plan=plan)
    assert one(moment, "20", StoryKind.BIRTHDAY).values == {}
    assert "1988" not in json.dumps([dict(story.values) for story in told(moment, "20")])
    other_day = field(30, birth_date=date(1988, DAY.month, DAY.day - 1), birth_year=None)
    assert StoryKind.BIRTHDAY not in kinds(moment_at(200, other_day, ways_of(), plan=plan), "20")


def test_a_past_winner_is_known_by_the_exact_name_and_sex_alone() -> None:
    def winner(year: int, athlete: str, sex: Sex = Sex.M) -> Winner:
        return Winner(
            edition=year - 1978, year=year, sex=sex, athlete=athlete, club="", country="", time_raw="1h", time_s=3600
        )

    plan = replace(
        bounded_plan(),
        past_winners=(
            winner(2021, "Éric NOËL"),
            winner(2022, "Éric NOËL"),
            winner(2023, "Luc BRUN"),
            winner(2024, "Jo AN"),
        ),
    )
    entrants = [
        runner(1, first_name="Eric", last_name="Noel"), runner(2, first_name="Luc", last_name="BRUN"),
        runner(3, "F", first_name="Luc", last_name="Brun"), runner(4, first_name="Jo", last_name="An"),
    ]  # fmt: skip
    ways = {str(n): Way(0, 30 + n, 60 + 2 * n) for n in range(1, 5)}
    moment = moment_at(200, entrants, ways, plan=plan)
    assert one(moment, "1", StoryKind.PAST_WINNER).values["years"] == [2022, 2021]
    assert one(moment, "2", StoryKind.LAST_WINNER).values["years"] == [2023]
    assert not {StoryKind.LAST_WINNER, StoryKind.PAST_WINNER} & {*kinds(moment, "3"), *kinds(moment, "4")}
    namesakes = [*entrants, runner(5, first_name="Luc", last_name="Brun")]
    doubtful = moment_at(200, namesakes, {**ways, "5": Way(0, 40, 80)}, plan=plan)
    assert StoryKind.LAST_WINNER not in kinds(doubtful, "2")


def test_a_favourite_is_told_with_what_somebody_typed() -> None:
    moment = moment_at(200, field(), ways_of(), favourites={19: "le maire"})
    assert "favori, le maire" in words(moment, "20")


def test_of_a_withheld_name_and_of_a_pacer_nothing_is_told() -> None:
    entrants = field(editions=10)
    entrants[0] = entrants[0]._replace(public=False)
    entrants[1] = entrants[1]._replace(role="pacer")
    moment = moment_at(200, entrants, {**ways_of(), "4": Way(0, 31, 62)})
    assert told(moment, "1") == told(moment, "2") == ()
    assert "1" not in one(moment, "4", StoryKind.TIE).values["with"]  # the other's bib is withheld as well


# ---- groups, waves, the way ----


def test_the_first_of_a_town_over_the_line_is_told_and_stays_it() -> None:
    entrants = [e._replace(town="Aubagne" if n % 2 else "CASSIS") for n, e in enumerate(field())]
    moment = moment_at(200, entrants, ways_of())
    first = one(moment, "1", StoryKind.FIRST_FROM)
    assert (first.values["of"], first.values["name"], first.values["of_sex"]) == ("town", "CASSIS", False)
    assert "1er de Cassis" in words(moment, "1")
    assert "1er d'Aubagne" in words(moment, "2")
    assert "1re femme de Cassis" in words(moment, "3")
    assert not any("Cassis" in text for text in words(moment, "5"))


def test_a_club_that_calls_itself_one_is_not_called_a_club_twice() -> None:
    moment = moment_at(200, field(club="Club alpin"), ways_of())
    assert "1er du Club alpin" in words(moment, "1")
    assert "1er du club Garlaban" in words(moment_at(200, field(club="Garlaban"), ways_of()), "1")


def test_a_group_of_few_has_no_first() -> None:
    entrants = [e._replace(town="Carnoux" if n < 4 else "") for n, e in enumerate(field())]
    assert StoryKind.FIRST_FROM not in kinds(moment_at(200, entrants, ways_of()), "1")


def test_on_the_way_only_the_foremost_of_a_group_would_be_its_first() -> None:
    entrants = field(town="Cassis")
    ways = {bib: replace(way, finish=None) for bib, way in ways_of().items()}
    moment = moment_at(45, entrants, ways)
    assert "serait 1er de Cassis" in words(moment, "1")
    assert not any("Cassis" in text for text in words(moment, "2"))
    assert "would be 1st woman from Cassis" in words(moment, "3", Language.EN)
    home = moment_at(64, entrants, {**ways, "10": Way(0, 40, 63)})
    assert "1er de Cassis" in words(home, "10")
    assert not any("Cassis" in text for text in words(home, "1"))


def test_the_first_of_a_later_wave_is_told_and_of_the_first_wave_not() -> None:
    entrants = [*field(), runner(50, wave="2"), runner(51, wave="2")]
    ways = {**ways_of(), "50": Way(4, 70, 140), "51": Way(4, 70, 141)}
    moment = moment_at(200, entrants, ways)
    assert one(moment, "50", StoryKind.FIRST_OF_WAVE).values == {"wave": "2", "name": "Vague 2"}
    assert "1er arrivé de Vague 2" in words(moment, "50")
    assert all(StoryKind.FIRST_OF_WAVE not in kinds(moment, bib) for bib in ("51", "1"))


def test_places_won_since_the_split_are_told_where_they_are_many_for_the_place() -> None:
    ways = {**ways_of(), "30": Way(0, 60, 61)}
    moment = moment_at(200, field(), ways)
    assert one(moment, "30", StoryKind.MOVED_UP).values == {"places": 29, "point": "GINESTE"}
    assert "29 places gagnées depuis le Col de la Gineste" in words(moment, "30")
    assert StoryKind.MOVED_UP not in kinds(moment, "20")


def test_the_frame_of_a_roster_is_kept_and_follows_a_category_that_was_ruled() -> None:
    eligibility = moment_at(200, field(6), ways_of(6)).frame.eligibility
    frame = story_frame_of(eligibility)
    assert story_frame_of(eligibility) is frame
    ruled = Eligibility.of(eligibility.plan, eligibility.roster, {Bib("1"): "M9M"})
    after = story_frame_of(ruled)
    assert after.groups is frame.groups
    assert after.eligibility is ruled
    assert {ruled.categories.names[code] for code in after.oldest | after.youngest} >= {"M9M"}
    assert story_frame_of(Eligibility.of(eligibility.plan, Roster(entrants=()))).groups is not frame.groups


# ---- words ----


def test_french_names_of_places_take_the_right_preposition() -> None:
    said = [of_place(name) for name in ("Cassis", "Aubagne", "Le Havre", "Les Pennes-Mirabeau", "La Ciotat", "Èze")]
    assert said == ["de Cassis", "d'Aubagne", "du Havre", "des Pennes-Mirabeau", "de La Ciotat", "d'Èze"]
    assert [town_name(name) for name in ("AUBAGNE", "cassis", "L'Isle-sur-la-Sorgue")] == [
        "Aubagne", "Cassis", "L'Isle-sur-la-Sorgue",
    ]  # fmt: skip
    assert (with_article("Col de la Gineste"), with_article("Carpiagne")) == ("le Col de la Gineste", "Carpiagne")


VALUES: dict[StoryKind, dict[str, Any]] = {
    StoryKind.RECORD: {"record_s": 3556, "year": 2017, "course": "V3", "confirmed": False, "all_time": True},
    StoryKind.RECORD_EQUALLED: {"record_s": 3556, "year": 2017, "course": "V3"},
    StoryKind.RECORD_IN_REACH: {
        "record_s": 3556, "year": 2017, "course": "V3", "ahead_s": -9, "point": "GINESTE", "estimated": True,
    },
    StoryKind.FIRST_FROM: {"of": "country", "name": "KEN", "size": 9, "of_sex": True, "arriving": False},
    StoryKind.FIRST_OF_WAVE: {"wave": "2", "name": "Vague 2"},
    StoryKind.EDITIONS: {"editions": 10, "every": False},
    StoryKind.MOVED_UP: {"places": 1412, "point": "GINESTE"},
    StoryKind.LAST_WINNER: {"years": [2023]},
    StoryKind.PAST_WINNER: {"years": [2022, 2019]},
    StoryKind.FAVOURITE: {"why": ""},
    StoryKind.BIRTHDAY: {},
    StoryKind.ELITE: {},
    StoryKind.CATEGORY: {"place": 1, "list": "category-M2F", "scope": "M2F", "oldest": False, "youngest": True},
}  # fmt: skip
PLACE = {"place": 2, "list": "sex-F", "scope": "F", "point": "GINESTE", "with": ["12", "14"]}


@pytest.mark.parametrize("language", [Language.FR, Language.EN])
@pytest.mark.parametrize("kind", StoryKind)
def test_every_kind_is_said_in_both_languages(kind: StoryKind, language: Language) -> None:
    story = Story(kind=kind, weight=1, values=VALUES.get(kind, PLACE))
    said = {story_words(story, language, MARSEILLE, feminine=feminine) for feminine in (True, False)}
    for text in said:
        assert text
        assert not any(bad in text for bad in ("None", "{", "_", "GINESTE", "  "))
    assert kind is not StoryKind.LAST_WINNER or language is Language.EN or len(said) == 2


def test_the_page_on_stories_has_every_kind_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "stories.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [str(kind) for kind in StoryKind]
