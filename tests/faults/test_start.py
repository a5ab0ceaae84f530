"""The start: waves, guns, what is read before them. F45 to F50 of docs/faults.md."""

from __future__ import annotations

from dataclasses import replace

import pytest
from race_book import Book, read, runner
from small_race import at

from config.plan import RacePlan
from timing.entries import GunBody, reads_entry
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.race import NetWithoutStart
from timing.reads import ClockKind, ReadClass, ReadKind, SourceId, SourceReads
from timing.roster import Bib
from timing.rulings import Clear, MoveToWave, Question, RecallStart, SetGun, Withdraw
from timing.times import Flag


def test_f45_a_wave_3_runner_who_left_with_wave_1_keeps_the_place_and_waits_for_prizes(plan: RacePlan) -> None:
    book = Book(plan, [runner("1"), runner("5001", wave="1", status=""), runner("5002")])
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00").cross("T5002", "9:00:07", "9:44:00", "10:29:00")
    early = book.of("5002")
    assert early.flags & Flag.BEFORE_OWN_GUN
    assert early.net_time_us == at("10:29:00") - at("9:00:07")
    assert early.gun_time_us == at("10:29:00") - at("9:08:00")
    assert book.places("scratch") == ["5002", "1"]
    before = book.bytes()
    number = book.rule(MoveToWave(bibs=(Bib("5002"),), wave="1"))
    moved = book.of("5002")
    assert not moved.flags & Flag.BEFORE_OWN_GUN
    assert moved.net_time_us == early.net_time_us
    assert moved.gun_time_us == at("10:29:00") - at("9:00:00")
    assert book.places("prize-scratch-F") == ["5002", "1"]
    book.rule(Withdraw(number=number))
    assert book.bytes() == before


def test_f45_an_early_starter_of_a_prize_list_is_out_of_it_until_cleared(plan: RacePlan) -> None:
    prize = next(rule for rule in plan.lists if rule.id == "prize-scratch")
    open_to_all = replace(plan, lists=tuple(replace(r, waves=frozenset()) if r is prize else r for r in plan.lists))
    book = Book(open_to_all, [runner("1"), runner("5002")])
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00").cross("T5002", "9:00:07", "9:44:00", "10:29:00")
    assert book.places("prize-scratch-F") == ["1"]
    assert book.places("sex-F") == ["5002", "1"]
    book.rule(Clear(bibs=(Bib("5002"),), question=Question.BEFORE_OWN_GUN))
    assert book.places("prize-scratch-F") == ["5002", "1"]


def test_f46_of_two_crossings_of_the_start_the_last_counts_and_the_first_is_kept(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")])
    book.reads("start-main", read("T1", "9:00:20"), read("T1", "9:03:00"))
    assert book.of("1").start_us == at("9:03:00")
    counts = book.picture().read_counts
    assert (counts[ReadClass.USED], counts[ReadClass.TOO_EARLY]) == (1, 1)


def test_f47_without_a_start_read_net_time_is_as_the_race_file_says_and_a_read_found_later_replaces_it(
    plan: RacePlan,
) -> None:
    for rule, expected in ((NetWithoutStart.EMPTY, MISSING), (NetWithoutStart.GUN, 90 * MINUTE)):
        ruled = replace(plan, race=replace(plan.race, net_without_start=rule))
        book = Book(ruled, [runner("1")]).cross("T1", None, "9:45:00", "10:30:00")
        assert book.of("1").net_time_us == expected
        assert book.of("1").flags & Flag.NO_START_READ
        book.reads("start-main", read("T1", "9:00:10"))
        assert book.of("1").net_time_us == 90 * MINUTE - 10 * SECOND
        assert not book.of("1").flags & Flag.NO_START_READ


def test_f48_reads_before_the_gun_are_kept_and_start_nobody(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")]).cross("T1", "8:59:00", None, None)
    assert book.of("1").start_us == MISSING
    assert book.picture().read_counts[ReadClass.TOO_EARLY] == 2


def _wire_gun(book: Book, clock: str) -> int:
    gun = replace(read("x", clock), tag=None, kind=ReadKind.GUN)
    signal = SourceReads(source=SourceId("start-main"), clock=ClockKind.UTC, reads=[gun])
    return book.add_entry(reads_entry(signal, at(clock)))


def test_f49_of_two_guns_exactly_one_is_in_force_and_a_ruling_changes_which(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")]).cross("T1", "9:00:10", "9:45:00", "10:30:00")
    first, second = _wire_gun(book, "9:00:01"), _wire_gun(book, "9:00:03.5")
    assert book.of("1").gun_time_us == at("10:30:00") - at("9:00:01")
    before = book.bytes()
    number = book.rule(SetGun(wave="1", signal=second))
    assert book.of("1").gun_time_us == at("10:30:00") - at("9:00:03.5")
    book.rule(SetGun(wave="1", signal=first))
    assert book.bytes() == before
    assert len(book.state.guns) == 2, "both signals are kept"
    book.rule(Withdraw(number=number))
    assert book.bytes() == before


def test_f49_a_recalled_start_waits_for_the_next_gun(plan: RacePlan) -> None:
    book = Book(plan, [runner("1")])
    book.reads("start-main", read("T1", "9:00:05"), read("T1", "9:06:07"))
    book.cross("T1", None, "9:50:00", "10:36:00")
    book.add(GunBody(wave="1", instant_us=at("9:00:00"), origin="hand", author="Anne"))
    before = book.bytes()
    recalled = book.rule(RecallStart(wave="1", at_us=at("9:01:00")))
    assert book.picture().times.guns.planned[0]
    book.add(GunBody(wave="1", instant_us=at("9:06:00"), origin="hand", author="Anne"))
    assert book.of("1").gun_time_us == 90 * MINUTE
    assert book.of("1").start_us == at("9:06:07")
    book.rule(Withdraw(number=recalled))
    book.rule(SetGun(wave="1", instant_us=at("9:00:00")))
    assert book.of("1").gun_time_us == 96 * MINUTE
    assert before == book.bytes()


@pytest.mark.parametrize("offset_us", [-1_370_000, 1_370_000])
def test_f50_a_gun_corrected_later_moves_gun_times_by_exactly_that_and_no_net_time(
    plan: RacePlan, offset_us: int
) -> None:
    book = Book(plan, [runner("1"), runner("2"), runner("2501")])
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00").cross("T2", "9:00:06", "9:45:00", "10:30:00.4")
    book.cross("T2501", "9:04:06", "9:55:00", "10:40:00")
    ran = {bib: book.of(bib) for bib in ("1", "2", "2501")}
    book.rule(SetGun(wave="1", instant_us=at("9:00:00") + offset_us))
    for bib in ("1", "2"):
        assert book.of(bib).gun_time_us == ran[bib].gun_time_us - offset_us
        assert book.of(bib).net_time_us == ran[bib].net_time_us
    assert book.of("2501").gun_time_us == ran["2501"].gun_time_us
    assert book.of("1").gun_time_us < HOUR * 2
