"""The newest word on each thing that the crew said, and who said it first where that is what counts."""

from __future__ import annotations

from results.crew.desk import CrewDesk, Taken
from timing.desk_entries import AbandonBody, AlarmBody, ArmedBody, DeskBody, MatBody
from timing.roster import Bib
from timing.state import Recorded


def said(*bodies: DeskBody) -> list[Recorded[DeskBody]]:
    return [Recorded(number=n, at_us=n, body=body) for n, body in enumerate(bodies, 1)]


def desk_of(*bodies: DeskBody) -> CrewDesk:
    desk = CrewDesk()
    desk.take(said(*bodies))
    return desk


def test_an_alarm_is_of_whoever_took_it_first() -> None:
    desk = desk_of(
        AlarmBody(key="a@1", at_us=1, author="Samir"),
        AlarmBody(key="a@1", at_us=2, author="Inès"),
        AlarmBody(key="a@2", at_us=3, author="Inès"),
    )
    assert desk.taken == {"a@1": Taken(author="Samir", at_us=1), "a@2": Taken(author="Inès", at_us=3)}


def test_a_mat_that_was_laid_again_is_not_lifted() -> None:
    lift = MatBody(mat="M1", laid=False, at_us=1, author="Luc")
    other = MatBody(mat="M2", laid=False, at_us=1, author="Luc")
    assert set(desk_of(lift, other).lifted) == {"M1", "M2"}
    assert set(desk_of(lift, other, MatBody(mat="M1", laid=True, at_us=2, author="Luc")).lifted) == {"M2"}


def test_a_race_is_armed_until_somebody_disarms_it() -> None:
    armed = ArmedBody(armed=True, at_us=1, author="Luc", open_checks=("guns",))
    assert desk_of(armed).is_armed
    assert not desk_of().is_armed
    assert not desk_of(armed, ArmedBody(armed=False, at_us=2, author="Luc")).is_armed


def test_a_report_that_was_taken_back_is_gone_and_may_come_again() -> None:
    report = AbandonBody(bib=Bib("7"), at_us=1, author="Luc", place="Carpiagne", private="genou")
    back = AbandonBody(bib=Bib("7"), at_us=2, author="Luc", withdrawn=True)
    assert list(desk_of(report).abandons) == ["7"]
    assert not desk_of(report, back).abandons
    assert desk_of(report, back, report).abandons == {Bib("7"): report}


def test_what_is_new_is_taken_in_once() -> None:
    every = said(*(MatBody(mat=f"M{n}", laid=False, at_us=n, author="Luc") for n in range(4)))
    desk = CrewDesk()
    for length in range(5):
        desk.take(every[:length])
        desk.take(every[:length])
    assert len(desk.lifted) == 4
