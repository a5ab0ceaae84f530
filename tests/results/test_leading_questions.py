"""Whoever leads on the course from an unexpected wave is asked about before they are at the line."""

from dataclasses import replace

from questions_builder import PRIZE, asked, of_kind, one_of, prize_plan
from results_builder import Run, run, runner

from config.plan import RacePlan
from results.asked import Asked, Kind, Stake
from results.printing import Language
from results.question_words import question_words
from timing.roster import Bib
from timing.rulings import Clear, Question
from timing.times import Closings

WOMEN = [runner(100 + n, "F") for n in range(8)]
ON_THE_WAY = {str(100 + n): run(2.0, None, 2100.0 + 20 * n) for n in range(8)}
INTRUDER = runner(800, "F", wave="2")
AHEAD = {"800": run(250.0, None, 1900.0)}  # with the second gun, minutes ahead of all women


def course(runs: dict[str, Run], *, plan: RacePlan | None = None, **more: object) -> Asked:
    return asked([*WOMEN, INTRUDER], runs, plan=plan, closings=Closings(), **more)  # type: ignore[arg-type]


def test_a_leader_from_a_wave_none_of_the_neighbours_left_with_is_asked_about_at_the_split() -> None:
    question = one_of(course(ON_THE_WAY | AHEAD), Kind.CHECK_BY_EYE)
    assert (question.bibs, question.point) == (("800",), "GINESTE")
    assert question.evidence["reasons"] == ["not_of_the_neighbours"]
    assert question.evidence["places"]["sex-F"] == 1
    assert (question.evidence["crossed_wave"], question.evidence["neighbours_wave"]) == ("2", "1")
    assert question.weight.stake is Stake.PODIUM
    for language, said in ((Language.FR, "est en vue à"), (Language.EN, "a place that counts at")):
        words = question_words(question, prize_plan(), language).fact
        assert said in words
        assert "800" in words


def test_it_is_gone_once_somebody_has_looked() -> None:
    looked = Clear(bibs=(Bib("800"),), question=Question.CHECK_BY_EYE)
    assert not of_kind(course(ON_THE_WAY | AHEAD, acts=(looked,)), Kind.CHECK_BY_EYE)


def test_from_the_third_place_on_back_nobody_is_asked_about() -> None:
    slower = {"800": run(250.0, None, 2100.0 + 70 + 240)}
    assert not of_kind(course(ON_THE_WAY | slower), Kind.CHECK_BY_EYE)


def test_with_too_few_neighbours_nothing_is_unexpected() -> None:
    few = {bib: ON_THE_WAY[bib] for bib in ("100", "101")}
    assert not of_kind(course(few | AHEAD), Kind.CHECK_BY_EYE)


def test_a_leader_who_was_not_read_at_the_start_is_asked_about() -> None:
    runs = ON_THE_WAY | {"100": Run(start=None, split=ON_THE_WAY["100"].split)}
    question = one_of(course(runs), Kind.CHECK_BY_EYE)
    assert (question.bibs, question.evidence["reasons"], question.evidence["unseen"]) == (
        ("100",), ["unseen"], ["START"],
    )  # fmt: skip


def test_a_prize_list_of_one_wave_asks_about_whoever_left_with_another() -> None:
    plan = prize_plan(lists=(replace(PRIZE, waves=frozenset({"1"})),))
    runs = ON_THE_WAY | {"100": run(250.0, None, 2100.0)}
    question = one_of(course(runs, plan=plan), Kind.CHECK_BY_EYE)
    assert question.evidence["reasons"] == ["not_of_the_list"]


def test_once_finished_there_is_one_question_about_the_place_and_none_about_the_split() -> None:
    finished = {bib: replace(way, finish=way.split * 2) for bib, way in (ON_THE_WAY | AHEAD).items() if way.split}
    question = one_of(course(finished), Kind.CHECK_BY_EYE)
    assert question.point == "FINISH"
