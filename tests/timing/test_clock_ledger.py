"""Corrections of clocks: which reads they cover, what they make of a stamp, and that rows follow them exactly."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_race import NINE, at, make_race
from test_clocks import wall
from test_state import FINISH, GINESTE, numbered, read, rows_in, utc

from timing.clock_ledger import (
    AS_STAMPED,
    ClockLedger,
    Hold,
    Holding,
    checked_correction,
    corrected,
    explain,
    reads_placed,
    trusted_instant,
)
from timing.entries import reads_entry
from timing.errors import RulingRefused
from timing.instants import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from timing.reads import ClockKind, ReadKind, SourceReads
from timing.rulings import CorrectClock, Span
from timing.state import RaceState

RACE = make_race()


def constant(offset_us: int, source: str = FINISH, **spans: Span) -> CorrectClock:
    return CorrectClock(source=source, anchors=((NINE, offset_us),), **spans)  # type: ignore[arg-type]


def line(*anchors: tuple[int, int]) -> CorrectClock:
    return CorrectClock(source=FINISH, anchors=anchors)


def state_with(*batches: SourceReads, ledger: ClockLedger = AS_STAMPED) -> RaceState:
    state = RaceState(RACE)
    state.set_ledger(ledger)
    for entry in numbered([reads_entry(batch, 0) for batch in batches]):
        state.apply(entry)
    return state


def moments_in(state: RaceState) -> list[int]:
    return [int(moment) for moment in state.reads().moment_us]


def test_f02_a_constant_offset_moves_all_reads_of_the_interval_and_only_those() -> None:
    reads = [read(tag, NINE + minute * MINUTE) for tag, minute in (("A", 0), ("B", 10), ("C", 20))]
    state = state_with(utc(*reads), utc(read("A", NINE), source=GINESTE))
    late = 37_200_000
    assert state.set_ledger(ClockLedger(corrections=(constant(late, stamps=Span(begin_us=NINE + MINUTE)),)))
    assert moments_in(state) == [NINE, NINE + 10 * MINUTE + late, NINE + 20 * MINUTE + late, NINE]
    state.apply(replace(numbered([reads_entry(utc(read("D", NINE + 30 * MINUTE)), 0)])[0], number=3))
    assert moments_in(state)[-1] == NINE + 30 * MINUTE + late, "and what comes from now on"


def test_f02_a_second_correction_replaces_the_first_and_withdrawing_both_restores_everything() -> None:
    state = state_with(utc(read("A", NINE), read("B", NINE + MINUTE)))
    before = rows_in(state)
    first, second = constant(5 * SECOND), constant(2 * SECOND, stamps=Span(end_us=NINE + SECOND))
    state.set_ledger(ClockLedger(corrections=(first,)))
    state.set_ledger(ClockLedger(corrections=(first, second)))
    assert moments_in(state) == [NINE + 2 * SECOND, NINE + MINUTE + 5 * SECOND]
    state.set_ledger(ClockLedger(corrections=(first,)))
    assert moments_in(state) == [NINE + 5 * SECOND, NINE + MINUTE + 5 * SECOND]
    state.set_ledger(AS_STAMPED)
    assert rows_in(state) == before


def test_a_correction_of_a_power_on_period_is_bound_to_when_reads_arrived() -> None:
    early, late = read("A", NINE, received_us=NINE + 1), read("B", NINE, received_us=NINE + HOUR)
    state = state_with(utc(early, late))
    state.set_ledger(ClockLedger(corrections=(constant(SECOND, received=Span(begin_us=NINE + MINUTE)),)))
    assert moments_in(state) == [NINE, NINE + SECOND]


def test_a_read_sent_again_later_keeps_its_first_arrival_in_whatever_order_they_come() -> None:
    ledger = ClockLedger(corrections=(constant(SECOND, received=Span(begin_us=NINE + MINUTE)),))
    first, again = read("A", NINE, received_us=NINE + 1), read("A", NINE, received_us=NINE + HOUR, rssi=-40.0)
    for order in ([first, again], [again, first]):
        assert moments_in(state_with(utc(*order), ledger=ledger)) == [NINE]
        assert moments_in(state_with(*[utc(r) for r in order], ledger=ledger)) == [NINE]


def test_f03_two_pairs_give_a_line_that_goes_on_outside_them() -> None:
    ppm20 = line((NINE, 0), (NINE + HOUR, 72_000))
    stamps = np.array([NINE - HOUR, NINE, NINE + HOUR // 2, NINE + HOUR, NINE + 3 * HOUR], np.int64)
    assert (corrected(stamps, ppm20) - stamps).tolist() == [-72_000, 0, 36_000, 72_000, 216_000]


ANCHORS = st.lists(st.tuples(st.integers(1, 30 * DAY), st.integers(-999, 999)), min_size=0, max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.integers(-DAY, DAY), ANCHORS, st.lists(st.integers(-(2**50), 2**50), min_size=1, max_size=20))
def test_corrections_are_exact_and_stamps_a_millisecond_apart_stay_in_order(
    offset: int, steps: list[tuple[int, int]], stamps: list[int]
) -> None:
    anchors = [(NINE, offset)]
    for gap, ppm in steps:
        anchors.append((anchors[-1][0] + gap, anchors[-1][1] + int(gap * ppm / 1_000_000)))
    correction = checked_correction(CorrectClock(source=FINISH, anchors=tuple(anchors)), RACE)
    base = np.array(sorted({NINE + s // MILLISECOND * MILLISECOND for s in stamps}), np.int64)
    instants = corrected(base, correction)
    assert (np.diff(instants) > 0).all()
    assert instants.tolist() == [exact(anchors, int(stamp)) for stamp in base]


def exact(anchors: list[tuple[int, int]], stamp: int) -> int:
    """The same in fractions, piece by piece as anybody would draw it."""
    if len(anchors) == 1:
        return stamp + anchors[0][1]
    pieces = list(pairwise(anchors))
    (s0, o0), (s1, o1) = next((piece for piece in pieces if stamp < piece[1][0]), pieces[-1])
    return stamp + o0 + floor(Fraction((stamp - s0) * (o1 - o0), s1 - s0))


@pytest.mark.parametrize(
    ("correction", "said"),
    [
        (CorrectClock(source=FINISH, anchors=()), "at least one"),
        (line((NINE, 0), (NINE, 1)), "ascending"),
        (line((NINE + 1, 0), (NINE, 1)), "ascending"),
        (line((NINE, 0), (NINE + SECOND, 1_000)), "1000 ppm"),
        (line((NINE, 2**62)), "microseconds"),
        (constant(0, "somewhere"), "no source"),
        (constant(0, stamps=Span(begin_us=5, end_us=5)), "stamps ends"),
        (constant(0, received=Span(begin_us=5, end_us=4)), "received ends"),
    ],
)
def test_a_correction_that_cannot_be_meant_is_refused_in_words(correction: CorrectClock, said: str) -> None:
    with pytest.raises(RulingRefused, match=said):
        checked_correction(correction, RACE)


def test_a_source_held_by_evidence_counts_for_nobody_until_a_ruling_covers_it() -> None:
    state = state_with(utc(read("A", NINE), read("B", NINE + MINUTE)), utc(read("A", NINE), source=GINESTE))
    state.take_touched()
    hold = Hold(source=FINISH, stamps=Span(begin_us=NINE + 1))
    assert state.set_ledger(ClockLedger(holds=(hold,)))
    assert state.reads().held.tolist() == [False, True, False]
    assert [state.tags.names[tag] for tag in state.take_touched()] == ["B"]
    assert state.set_ledger(ClockLedger(corrections=(constant(0),), holds=(hold,))), "0 says: this clock is right"
    assert state.reads().held.tolist() == [False, False, False]
    assert not state.set_ledger(ClockLedger(corrections=(constant(0),))), "nothing moved"


def test_a_covered_read_is_held_only_when_it_leaves_the_race_window() -> None:
    epoch = utc(read("A", 5 * SECOND, received_us=NINE))
    state = state_with(epoch)
    assert state.reads().held.tolist() == [True]
    state.set_ledger(ClockLedger(corrections=(constant(NINE),)))
    assert (state.reads().held.tolist(), moments_in(state)) == ([False], [NINE + 5 * SECOND])
    state.set_ledger(ClockLedger(corrections=(constant(NINE + 900 * HOUR),)))
    assert state.reads().held.tolist() == [True]


def test_a_ruling_gives_elapsed_stamps_their_zero_and_the_double_hour_its_meaning() -> None:
    elapsed = SourceReads(source=FINISH, clock=ClockKind.ELAPSED, reads=[read("A", 57_600 * SECOND)])
    twice = SourceReads(source=GINESTE, clock=ClockKind.LOCAL, reads=[read("B", wall("02:30:00"))])
    state = state_with(elapsed, twice)
    assert state.reads().held.tolist() == [True, True]
    zero = NINE - 16 * HOUR
    state.set_ledger(ClockLedger(corrections=(constant(zero), constant(HOUR, GINESTE))))
    assert state.reads().held.tolist() == [False, False]
    assert moments_in(state) == [NINE, at("03:30:00") - HOUR]


def test_every_read_can_be_explained() -> None:
    fix = constant(SECOND, stamps=Span(begin_us=NINE))
    ledger = ClockLedger(corrections=(fix,), holds=(Hold(source=FINISH), Hold(source=GINESTE)))

    def why(source: str, clock: ClockKind, stamp_us: int) -> tuple[int, object, Holding | None]:
        found = explain(ledger, RACE, source=source, clock=clock, stamp_us=stamp_us)  # type: ignore[arg-type]
        assert (found.stamp_us, found.clock) == (stamp_us, clock)
        return found.instant_us, found.correction, found.held

    assert why(FINISH, ClockKind.UTC, NINE) == (NINE + SECOND, fix, None)
    assert why(FINISH, ClockKind.UTC, NINE - 1) == (NINE - 1, None, Holding.SOURCE_HELD)
    assert why(GINESTE, ClockKind.ELAPSED, 5) == (5, None, Holding.NO_ZERO)
    assert why("start-main", ClockKind.UTC, 5) == (5, None, Holding.OUTSIDE_WINDOW)
    assert why("start-main", ClockKind.LOCAL, wall("02:30:00"))[2] is Holding.HOUR_TWICE
    gun = {"source": FINISH, "clock": ClockKind.UTC}
    assert trusted_instant(ledger, RACE, stamp_us=NINE, **gun) == NINE + SECOND  # type: ignore[arg-type]
    assert trusted_instant(ledger, RACE, stamp_us=NINE - 1, **gun) is None  # type: ignore[arg-type]


MANY = st.builds(
    SourceReads,
    source=st.sampled_from([FINISH, GINESTE]),
    clock=st.sampled_from(list(ClockKind)),
    reads=st.lists(
        st.builds(
            read,
            st.sampled_from([None, "A", "B"]),
            st.integers(0, 3).map(lambda n: NINE + n),
            received_us=st.integers(0, 4).map(lambda n: NINE + n),
            antenna=st.sampled_from([None, 1]),
            rssi=st.sampled_from([None, -60.0, -40.0]),
            reader_seq=st.sampled_from([None, 1]),
            kind=st.sampled_from([ReadKind.READ, ReadKind.HAND]),
        ),
        max_size=5,
    ),
)
SPANS = st.builds(
    Span,
    begin_us=st.sampled_from([None, NINE + 1]),
    end_us=st.sampled_from([None, NINE + 3]),
)
LEDGERS = st.builds(
    ClockLedger,
    corrections=st.lists(
        st.builds(
            CorrectClock,
            source=st.sampled_from([FINISH, GINESTE]),
            anchors=st.sampled_from([((NINE, 7),), ((NINE, -DAY),), ((NINE, 0), (NINE + 2_000, 1))]),
            stamps=SPANS,
            received=SPANS,
        ),
        max_size=3,
    ).map(tuple),
    holds=st.lists(st.builds(Hold, source=st.just(FINISH), stamps=SPANS, received=SPANS), max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MANY, min_size=1, max_size=6), LEDGERS, LEDGERS, st.data())
def test_rows_are_the_same_whether_the_ledger_came_before_between_or_after_the_reads(
    batches: list[SourceReads], ledger: ClockLedger, other: ClockLedger, data: st.DataObject
) -> None:
    before = state_with(*batches, ledger=ledger)
    after = state_with(*data.draw(st.permutations(batches)))
    as_stamped = rows_in(after)
    preview = after.reads_under(ledger)
    assert rows_in(after) == as_stamped, "a preview changes nothing"
    after.set_ledger(other)
    after.set_ledger(ledger)
    assert rows_in(before) == rows_in(after)
    assert sorted(preview.moment_us.tolist()) == sorted(after.reads().moment_us.tolist())
    assert sorted(preview.held.tolist()) == sorted(after.reads().held.tolist())
    assert [(c.reads, c.last_received_us, c.last_stamp_us) for c in after.counts.values()] == [
        (c.reads, c.last_received_us, c.last_stamp_us) for c in before.counts.values()
    ]
    after.set_ledger(AS_STAMPED)
    assert rows_in(after) == as_stamped


@settings(max_examples=100, deadline=None)
@given(st.lists(MANY, min_size=1, max_size=5), LEDGERS)
def test_touched_are_exactly_the_tags_that_a_ledger_moves_or_holds(
    batches: list[SourceReads], ledger: ClockLedger
) -> None:
    state = state_with(*batches)
    state.take_touched()
    old = state.reads()
    moment_us, held = old.moment_us.copy(), old.held.copy()
    changed = state.set_ledger(ledger)
    new = state.reads()
    moved = (new.moment_us != moment_us) | (new.held != held)
    assert changed == moved.any()
    assert state.take_touched().tolist() == sorted(set(new.tag[moved].tolist()))


def test_reads_of_files_follow_the_ledger_as_those_of_the_journal_do() -> None:
    batches = [utc(read("A", NINE), read("B", NINE + 900 * HOUR)), utc(read("A", NINE), source=GINESTE)]
    ledger = ClockLedger(corrections=(constant(SECOND),), holds=(Hold(source=GINESTE),))
    plain, placed = state_with(*batches), state_with(*batches, ledger=ledger)
    found = reads_placed(plain.reads(), plain.sources, RACE, ledger)
    assert found.moment_us.tolist() == placed.reads().moment_us.tolist()
    assert found.held.tolist() == placed.reads().held.tolist() == [False, True, True]
