"""Late data: reads taken long after they were made, told for each point while that lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_race import at, make_race

from timing.clock_corrections import CorrectClock
from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import ClockLedger
from timing.entries import reads_entry
from timing.instants import HOUR, MINUTE, MISSING, SECOND
from timing.journal import NewEntry
from timing.journal_chain import sealed
from timing.late_data import LATE_US, TOLD_US, LateData, LateWatch
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag
from timing.state import RaceState

RACE = make_race()
GUN = at("9:00:00")
COL, COL_BACKUP, FINISH = "gineste-main", "gineste-backup", "finish-main"


def entry(source: str, moments: Sequence[int], taken_us: int, *, of_file: bool = False) -> NewEntry:
    """Reads of different tags, received by a collector on the spot."""
    reads = [
        ChipRead(tag=Tag(f"T{moment}"), stamp_us=moment, received_us=MISSING if of_file else moment + SECOND)
        for moment in moments
    ]
    return reads_entry(SourceReads(source=SourceId(source), clock=ClockKind.UTC, reads=reads), taken_us)


def state_of(*entries: NewEntry, at_once: bool = True) -> RaceState:
    state = RaceState(RACE)
    found = sealed(entries, last=0, seal=bytes(32))
    for group in [found] if at_once else [[one] for one in found]:
        state.apply_all(group)
    return state


def looked(watch: LateWatch, state: RaceState) -> LateWatch:
    watch.take(state.reads(), state.taken_at, state.ledger)
    return watch


def told(state: RaceState, now: str | int, *clocks: ClockFinding, rate: float = 1.0) -> tuple[LateData, ...]:
    watch = looked(LateWatch(RACE, rate=rate), state)
    return watch.told(at(now) if isinstance(now, str) else now, since_us=GUN, clocks=clocks)


def test_a_mountain_that_unloads_is_told_with_its_reads_their_hours_and_their_arrival() -> None:
    made = [at("10:00:00") + n * SECOND for n in range(100)]
    state = state_of(
        entry(COL, made[:1:-1], at("10:41:00")),
        entry(FINISH, [at("10:41:00")], at("10:41:01")),
        entry(COL, made[1::-1], at("10:41:02")),
    )
    assert told(state, "10:42:00") == (
        LateData(
            point="GINESTE", reads=100, first_us=made[0], last_us=made[-1],
            begun_us=at("10:41:00"), arrived_us=at("10:41:02"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(("late_us", "is_told"), [(LATE_US - 1, False), (LATE_US, True)])
def test_two_minutes_are_late_and_less_is_not(late_us: int, is_told: bool) -> None:
    made = at("10:00:00")
    state = state_of(entry(COL, [made], made + late_us))
    assert bool(told(state, made + late_us)) is is_told


def test_a_late_delivery_is_told_for_some_minutes_after_its_last_read() -> None:
    taken = at("10:41:00")
    state = state_of(entry(COL, [at("10:00:00")], taken - TOLD_US), entry(COL, [at("10:00:01")], taken))
    (late,) = told(state, taken + TOLD_US)
    assert late.reads == 2
    assert told(state, taken + TOLD_US + 1) == ()


def test_after_a_longer_pause_another_delivery_begins() -> None:
    taken = at("10:41:00")
    state = state_of(entry(COL, [at("10:00:00")], taken - TOLD_US - 1), entry(COL, [at("10:00:01")], taken))
    (late,) = told(state, taken)
    assert (late.reads, late.first_us, late.begun_us) == (1, at("10:00:01"), taken)


def test_the_mats_of_a_point_are_told_together() -> None:
    state = state_of(entry(COL, [at("10:00:00")], at("10:41:00")), entry(COL_BACKUP, [at("10:00:01")], at("10:42:00")))
    (late,) = told(state, "10:42:00")
    assert (late.point, late.reads, late.arrived_us) == ("GINESTE", 2, at("10:42:00"))


def test_reads_of_a_file_are_never_late() -> None:
    assert told(state_of(entry(COL, [at("10:00:00")], at("18:00:00"), of_file=True)), "18:00:00") == ()


def test_a_read_that_comes_again_is_not_late() -> None:
    made = [at("10:00:00")]
    assert told(state_of(entry(COL, made, made[0] + SECOND), entry(COL, made, at("10:41:00"))), "10:41:00") == ()


def test_tests_before_the_first_gun_are_not_told() -> None:
    assert told(state_of(entry(COL, [at("7:00:00")], at("8:30:00"))), "8:30:00") == ()


def test_a_clock_that_is_minutes_behind_is_told_as_that_and_once_corrected_nothing_is_late() -> None:
    made = at("10:00:00")
    state = state_of(entry(COL, [made - 40 * MINUTE], made))
    behind = ClockFinding(source=SourceId(COL), fault=ClockFault.OFFSET, offset_us=40 * MINUTE)
    watch = looked(LateWatch(RACE), state)
    assert watch.told(made, since_us=GUN)
    assert watch.told(made, since_us=GUN, clocks=[behind]) == ()
    assert watch.told(made, since_us=GUN, clocks=[replace(behind, offset_us=20 * SECOND)])
    assert watch.told(made, since_us=GUN, clocks=[replace(behind, source=None)]) == ()
    correction = CorrectClock(source=SourceId(COL), anchors=((0, 40 * MINUTE),))
    state.set_ledger(ClockLedger(corrections=(correction,)))
    assert looked(watch, state).told(made, since_us=GUN) == ()


def test_on_a_hurried_clock_seconds_on_the_way_are_not_late_and_at_the_end_of_time_nothing_is() -> None:
    made = at("10:00:00")
    state = state_of(entry(COL, [made], made + 9 * MINUTE), entry(FINISH, [made], made + HOUR))
    assert [late.point for late in told(state, made + HOUR)] == ["FINISH"]
    assert told(state, made + 9 * MINUTE, rate=60.0)[0].point == "FINISH"
    assert told(state, made + HOUR, rate=0.0) == ()


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([COL, COL_BACKUP, FINISH]),
        st.lists(st.integers(0, 60), min_size=1, max_size=5),
        st.integers(0, 4),
    ),
    max_size=12,
)


@given(ENTRIES)
def test_looking_at_each_entry_tells_what_looking_once_at_the_end_does(
    drawn: list[tuple[str, list[int], int]],
) -> None:
    entries, now = [], at("9:30:00")
    for source, minutes, pause in drawn:
        now += pause * 2 * MINUTE
        entries.append(entry(source, [at("9:00:00") + minute * MINUTE for minute in minutes], now))
    state, watch = RaceState(RACE), LateWatch(RACE)
    for one in sealed(entries, last=0, seal=bytes(32)):
        state.apply(one)
        looked(watch, state)
    assert watch.told(now, since_us=GUN) == told(state_of(*entries), now)
