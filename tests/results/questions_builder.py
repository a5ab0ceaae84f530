"""A small race ready to be asked about, and its questions by kind."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from results_builder import MAIN_LISTS, Run, rule, small_plan, small_times

from config.plan import Per, RacePlan
from results.asked import Asked, Kind, OpenQuestion
from results.questions import open_questions
from results.rankings import rank
from timing.decision_fold import decisions_of
from timing.race import GunOrigin
from timing.roster import Bib, Entrant, Roster
from timing.ruling_entries import SightingBody
from timing.rulings import Act
from timing.state import Recorded
from timing.times import Closings, Flag

PRIZE = rule("prize", "Prix", "Prizes", per=Per.SEX, depth=5, prize=True, gun_origin=GunOrigin.RACE)


def prize_plan(**changes: Any) -> RacePlan:
    return small_plan(**{"lists": (*MAIN_LISTS, PRIZE), **changes})


def asked(
    entrants: list[Entrant],
    runs: Mapping[str, Run],
    *,
    plan: RacePlan | None = None,
    flags: Mapping[str, Flag] | None = None,
    acts: tuple[Act, ...] = (),
    closings: Closings | None = None,
    **more: Any,
) -> Asked:
    """The race these runs make, closed unless told otherwise; `flags` are raised beside those that follow from them."""
    plan = prize_plan() if plan is None else plan
    roster = Roster(entrants=tuple(entrants))
    times = small_times(plan, roster, runs, closings=closings)
    raised = times.flags.copy()
    for bib, flag in (flags or {}).items():
        raised[roster.by_bib[bib]] |= int(flag)
    times = replace(times, flags=raised)
    return Asked(
        plan=plan, roster=roster, times=times, rankings=rank(plan, roster, times), decisions=decisions_of(acts), **more
    )


def of_kind(found: Asked | tuple[OpenQuestion, ...], kind: Kind) -> list[OpenQuestion]:
    questions = open_questions(found) if isinstance(found, Asked) else found
    return [question for question in questions if question.kind is kind]


def one_of(found: Asked | tuple[OpenQuestion, ...], kind: Kind) -> OpenQuestion:
    (question,) = of_kind(found, kind)
    return question


def sighting(number: int, point: str, at_us: int, bib: str | None = None) -> Recorded[SightingBody]:
    body = SightingBody(point=point, at_us=at_us, author="Luc", bib=None if bib is None else Bib(bib))
    return Recorded(number=number, at_us=at_us, body=body)
