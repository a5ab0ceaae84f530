"""Chips: unknown, swapped, doubled, parked, handed on. F38 to F42 of docs/faults.md."""

from __future__ import annotations

from race_book import Book, read, runner
from small_race import at

from config.plan import RacePlan
from timing.entries import RosterBody
from timing.instants import MINUTE, SECOND
from timing.reads import ReadClass, Tag
from timing.roster import Bib, Roster
from timing.rulings import AssignTag, Span, SwapTags, Withdraw
from timing.times import Flag, Status


def test_f38_an_unknown_chip_is_kept_and_counts_from_the_start_once_the_roster_names_it(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")]).cross("T9", "9:00:10", "9:50:00", "10:40:00").cross("T1", "9:00:05", None, None)
    assert book.picture().read_counts[ReadClass.UNKNOWN_TAG] == 6
    late = runner("9")
    book.add(RosterBody(roster=Roster(entrants=(runner("1"), late))))
    known_before = Book(plan, [runner("1"), late]).cross("T9", "9:00:10", "9:50:00", "10:40:00")
    known_before.cross("T1", "9:00:05", None, None)
    assert book.of("9").net_time_us == 100 * MINUTE - 10 * SECOND
    assert book.bytes() == known_before.bytes()


def test_f38_a_ruling_gives_an_unknown_chip_to_a_runner(plan: RacePlan) -> None:
    book = Book(plan, [runner("1", "T1")]).cross("SPARE", "9:00:10", "9:50:00", "10:40:00")
    book.rule(AssignTag(tag=Tag("SPARE"), bib=Bib("1")))
    assert book.of("1").net_time_us == 100 * MINUTE - 10 * SECOND


def test_f39_two_runners_swapped_chips_and_one_ruling_puts_it_right(plan: RacePlan) -> None:
    book = Book(plan, [runner("1"), runner("2")])
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00").cross("T2", "9:00:07", "9:55:00", "10:50:00").close()
    before, one, two = book.bytes(), book.of("1"), book.of("2")
    number = book.rule(SwapTags(bibs=(Bib("1"), Bib("2"))))
    swapped = book.bytes()
    assert (book.of("1").net_time_us, book.of("2").net_time_us) == (two.net_time_us, one.net_time_us)
    assert book.places("scratch") == ["2", "1"]
    again = book.rule(SwapTags(bibs=(Bib("1"), Bib("2"))))
    assert book.bytes() == swapped, "the same order twice is the same as once"
    book.rule(Withdraw(number=again))
    assert book.bytes() == swapped
    book.rule(Withdraw(number=number))
    assert book.bytes() == before


def test_f40_one_runner_with_two_chips_has_one_crossing_at_each_point(plan: RacePlan) -> None:
    book = Book(plan, [runner("1", "BIB", "SHOE"), runner("2")])
    book.cross("BIB", "9:00:05", "9:45:00", "10:30:00").cross("SHOE", "9:00:04", "9:45:01", "10:30:01")
    one = book.of("1")
    assert one.start_us == at("9:00:05"), "the last at the start"
    assert one.finish_us == at("10:30:00"), "the first at the finish"
    assert not one.flags & Flag.TWO_TAGS_APART
    assert book.places("scratch") == ["1"]


def test_f40_two_chips_of_one_runner_on_two_people_are_flagged(plan: RacePlan) -> None:
    book = Book(plan, [runner("1", "BIB", "SPARE")])
    book.cross("BIB", "9:00:05", "9:45:00", "10:30:00").cross("SPARE", "9:00:08", "9:58:00", "11:01:00")
    assert book.of("1").flags & Flag.TWO_TAGS_APART


def test_f41_somebody_standing_on_the_finish_mat_is_one_crossing(plan: RacePlan) -> None:
    book = Book(plan, [runner("1"), runner("2")]).cross("T1", "9:00:05", "9:45:00", "10:30:00")
    chatting = at("10:30:00")
    for first in range(0, 40_000, 10_000):
        book.reads("finish-main", *(read("T1", chatting + n * SECOND // 9) for n in range(first, first + 10_000)))
    book.cross("T2", "9:00:06", "9:46:00", "10:31:00")
    assert book.of("1").finish_us == at("10:30:00")
    assert book.of("1").flags & Flag.PARKED
    assert book.of("2").finish_us == at("10:31:00")
    assert book.places("scratch") == ["1", "2"]


def test_f42_a_bib_handed_to_somebody_else_keeps_its_history(plan: RacePlan) -> None:
    anna, boris = runner("712", "T712", first_name="Anna"), runner("9712", "T9712", first_name="Boris")
    book = Book(plan, [anna, boris]).cross("T712", "9:00:05", "9:45:00", "10:30:00").close()
    assert book.of("712").status is Status.FINISHED
    book.rule(AssignTag(tag=Tag("T712"), bib=Bib("9712")))
    assert book.of("712").status is Status.DNS
    assert book.of("9712").finish_us == at("10:30:00")


def test_a_chip_lent_for_a_part_of_the_race_counts_for_each_while_they_wore_it(plan: RacePlan) -> None:
    book = Book(plan, [runner("1"), runner("2")])
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00")
    before = book.bytes()
    number = book.rule(AssignTag(tag=Tag("T1"), bib=Bib("2"), span=Span(begin_us=at("10:00:00"))))
    assert book.of("1").status is Status.STARTED
    assert book.of("2").finish_us == at("10:30:00")
    assert book.of("2").flags & Flag.TAG_ON_TWO
    book.cross("T2", "9:00:09", "9:47:00", None)
    assert book.of("2").net_time_us == at("10:30:00") - at("9:00:09")
    assert book.bytes() == book.again().bytes(), "what is matched by parts is what is matched at once"
    book.rule(Withdraw(number=number))
    book.reads("start-main", read("T1", "9:00:05"))
    assert book.of("1").finish_us == at("10:30:00")
    assert before != book.bytes()
