"""On the course and at the finish. F51 to F54 of docs/faults.md; F55, lap courses, is in tests/timing/test_laps.py."""

from __future__ import annotations

from dataclasses import replace

from race_book import Book, read, runner
from small_race import at

from config.plan import RacePlan
from timing.entries import GunBody
from timing.instants import MINUTE, SECOND
from timing.race import Race, Wave
from timing.reads import ReadClass
from timing.roster import Bib
from timing.rulings import Clear, Declare, Question, ReadSelector, SetAside, Span
from timing.times import Flag, Status


def _with_wheelchairs(plan: RacePlan) -> RacePlan:
    chairs = Wave(
        id="H", name="Handi", planned_gun_us=at("8:55:00"), bibs=((90_001, 90_050),), group="handi", speed_pct=200
    )
    race: Race = replace(plan.race, waves=(chairs, *plan.race.waves))
    scratch = next(rule for rule in plan.lists if rule.id == "scratch")
    own = replace(scratch, id="handi", groups=frozenset({"handi"}), main=None)
    return replace(plan, race=race, lists=(*plan.lists, own))


def test_f52_wheelchairs_first_have_their_own_gun_bounds_and_ranking(plan: RacePlan) -> None:
    book = Book(_with_wheelchairs(plan), [runner("90001"), runner("1"), runner("2")])
    book.add(GunBody(wave="H", instant_us=at("8:55:00"), origin="hand", author="Anne"))
    book.cross("T90001", "8:55:04", "9:15:00", "9:35:00")
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00").cross("T2", "9:00:06", "9:30:00", "9:56:30")
    chair = book.of("90001")
    assert chair.status is Status.FINISHED
    assert chair.gun_time_us == 40 * MINUTE
    assert not chair.flags & (Flag.OUT_OF_ORDER | Flag.BEFORE_OWN_GUN | Flag.OTHER_WAVE)
    assert book.places("handi") == ["90001"]
    assert book.places("scratch") == ["2", "1"], "the first runner is not second"
    assert book.places("prize-scratch-F") == ["2", "1"]
    assert book.of("2").gun_time_us == at("9:56:30") - at("9:00:00"), "and runs from the runners' gun"


def test_f52_a_runner_as_fast_as_a_wheelchair_was_not_there(plan: RacePlan) -> None:
    book = Book(_with_wheelchairs(plan), [runner("1")]).cross("T1", "9:00:05", "9:20:00", "9:40:00")
    assert book.of("1").status is Status.STARTED
    assert book.picture().read_counts[ReadClass.TOO_EARLY] == 4


def test_a_van_with_bags_that_passes_the_finish_before_its_runner_is_at_the_col_is_flagged_and_forgotten(
    plan: RacePlan,
) -> None:
    leg = replace(plan.race.course.finish, min_leg_us=21 * MINUTE)
    course = replace(plan.race.course, points=(*plan.race.course.points[:-1], leg))
    book = Book(replace(plan, race=replace(plan.race, course=course)), [runner("1")])
    book.cross("T1", "9:00:05", "10:10:00", None)
    book.reads("finish-main", read("T1", "10:05:00"))
    assert book.of("1").finish_us == at("10:05:00"), "which of the two is not theirs is for people to say"
    assert book.of("1").flags & Flag.OUT_OF_ORDER
    book.reads("finish-main", read("T1", "11:20:00"))
    assert book.of("1").finish_us == at("11:20:00")
    assert not book.of("1").flags & Flag.OUT_OF_ORDER


def test_f53_the_same_time_to_the_microsecond_shares_a_place_and_the_next_is_skipped(plan: RacePlan) -> None:
    entrants = [runner(bib) for bib in ("1", "2", "3", "4")]
    book = Book(plan, entrants).cross("T4", "9:00:05", "9:45:00", "10:30:00")
    for bib, clock in (("1", "10:30:01"), ("3", "10:30:01"), ("2", "10:30:01.3")):
        book.cross(f"T{bib}", "9:00:05", "9:45:00", clock)
    assert [book.of(bib).place for bib in ("4", "1", "3", "2")] == [1, 2, 2, 4]
    turned = Book(plan, entrants[::-1])
    for entry in book.entries[:0:-1]:
        turned.add_entry(_as_new(entry))
    assert [turned.of(bib).place for bib in ("4", "1", "3", "2")] == [1, 2, 2, 4]


def test_f54_of_two_finishes_the_first_valid_one_counts(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")]).cross("T1", "9:00:05", "9:45:00", "10:30:00")
    before = book.of("1")
    book.reads("finish-main", read("T1", "10:42:00"), read("T1", "10:42:01"))
    assert book.of("1").finish_us == before.finish_us
    assert book.picture().read_counts[ReadClass.AFTER] == 2


def test_a_finish_read_after_an_abandon_was_reported_is_held_and_shown(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")]).cross("T1", "9:00:05", "9:45:00", None)
    book.rule(Declare(bibs=(Bib("1"),), status="DNF", at_us=at("10:10:00")))
    book.cross("T1", None, None, "10:50:00")
    one = book.of("1")
    assert one.status is Status.DNF
    assert one.flags & Flag.FINISH_AFTER_ABANDON
    assert book.picture().read_counts[ReadClass.SET_ASIDE] == 2
    book.rule(Clear(bibs=(Bib("1"),), question=Question.FINISH_AFTER_ABANDON))
    assert not book.of("1").flags & Flag.FINISH_AFTER_ABANDON


def test_reads_set_aside_give_no_time_and_the_next_passing_counts(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")]).cross("T1", "9:00:05", "9:45:00", "10:20:00")
    book.reads("finish-main", read("T1", "10:31:00"))
    until = Span(end_us=at("10:20:00") + SECOND)
    book.rule(SetAside(reads=ReadSelector(bibs=(Bib("1"),), mat="FINISH-MAIN", span=until)))
    assert book.of("1").finish_us == at("10:31:00")
    assert book.picture().read_counts[ReadClass.SET_ASIDE] == 2


def _as_new(entry):  # type: ignore[no-untyped-def]
    from timing.journal import NewEntry

    return NewEntry(kind=entry.kind, body=entry.body, at_us=entry.at_us, source=entry.source, version=entry.version)
