"""Nobody is announced as a leader whom the crew still has to look at."""

from dataclasses import replace

import pytest
from questions_builder import PRIZE, asked, prize_plan
from results_builder import MAIN_LISTS, run, runner

from results.asked import Asked, Kind
from results.questions import open_questions
from results.speaker.to_check import NOT_JUDGED, to_check
from timing.roster import Bib
from timing.rulings import Clear, Question
from timing.times import Closings, Flag

FIELD = [runner(100 + n, "F") for n in range(12)]
RUNS = {str(100 + n): run(2.0, 4200.0 + 10 * n, 2100.0 + 4 * n) for n in range(12)}


def checked(race: Asked) -> dict[str, str]:
    found = to_check(open_questions(race), race.rankings)
    return {race.bib(index): reason for index, reason in found.items()}


def test_a_first_woman_from_an_unexpected_wave_waits_for_the_crew_and_is_free_when_it_has_looked() -> None:
    entrants = [*FIELD, runner(800, "F", wave="2")]
    runs = RUNS | {"800": run(250.0, 4240.0, 2300.0)}
    assert checked(asked(entrants, runs)) == {"800": "check_by_eye"}
    looked = Clear(bibs=(Bib("800"),), question=Question.CHECK_BY_EYE)
    assert checked(asked(entrants, runs, acts=(looked,))) == {}


def test_so_does_one_who_leads_at_the_split_and_has_not_finished() -> None:
    entrants = [*FIELD, runner(800, "F", wave="2")]
    race = asked(entrants, RUNS | {"800": run(250.0, None, 1900.0)}, closings=Closings())
    assert checked(race) == {"800": "check_by_eye"}


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        (Flag.TWO_TAGS_APART, Kind.TWO_TAGS_APART),
        (Flag.BEFORE_OWN_GUN, Kind.BEFORE_OWN_GUN),
        (Flag.TAG_ON_TWO, Kind.TAG_ON_TWO),
    ],
)
def test_a_leader_with_a_flag_that_may_mean_somebody_else_waits_and_one_in_the_field_does_not(
    flag: Flag, kind: Kind
) -> None:
    race = asked(FIELD, RUNS, flags={"102": flag, "109": flag}, plan=prize_plan(lists=MAIN_LISTS))
    assert checked(race) == {"102": str(kind)}


def test_a_close_finish_is_for_the_jury_and_keeps_nobody_unsaid() -> None:
    runs = RUNS | {"101": run(2.0, 4200.1, 2104.0)}
    race = asked(FIELD, runs)
    assert any(each.kind is Kind.CLOSE_FINISH for each in open_questions(race))
    assert PRIZE in race.plan.lists
    assert checked(race) == {}


def test_whoever_came_to_the_front_after_the_questions_were_asked_waits_until_they_are_asked_again() -> None:
    before = asked(FIELD, {bib: way for bib, way in RUNS.items() if bib != "100"})
    now = asked(list(before.roster.entrants), RUNS)
    rankings = replace(now.rankings, eligibility=before.rankings.eligibility)
    found = to_check(open_questions(before), rankings, judged=before.rankings)
    assert {now.bib(index): reason for index, reason in found.items()} == {"100": NOT_JUDGED}
    assert to_check(open_questions(now), now.rankings, judged=now.rankings) == {}
