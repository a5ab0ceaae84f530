"""Times made by hand, without a tag: in the journal, in nobody's times, and never a reason to change them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_race import NINE, at
from test_state import FINISH, GINESTE, RACE, read, reads_entry, state_of, utc

from timing.entries import RosterBody, new_entry
from timing.field import Field
from timing.guns import GunSignal, guns_in_force
from timing.instants import MINUTE, SECOND
from timing.matching import Matched, match
from timing.passings import arrange
from timing.reads import ChipRead, ReadClass, ReadKind
from timing.roster import Bib, Entrant, Roster
from timing.state import RaceState
from timing.times import Closings

ROSTER = Roster(entrants=tuple(Entrant(bib=Bib(f"{n}"), tags=(f"T{n}",)) for n in range(1, 4)))  # type: ignore[arg-type]
CHIPS = [read(f"T{n}", at("10:10:00") + n * SECOND) for n in range(1, 4)]


def pressed(us: int, label: str = "C1") -> ChipRead:
    return read(None, us, kind=ReadKind.HAND, label=label, raw=" 0002 C1  ...")


def matched(state: RaceState) -> tuple[Matched, RaceState]:
    guns = guns_in_force(RACE, [GunSignal(instant_us=NINE, wave=None)])
    field = Field.of(ROSTER, RACE, state.tags)
    closings = Closings(start_us=at("9:50:00"), finish_us=at("13:00:00"))
    return match(arrange(state.reads()).reads, field, RACE, guns, closings), state


def with_hands(hands: list[ChipRead]) -> tuple[Matched, RaceState]:
    return matched(
        state_of(
            new_entry(RosterBody(roster=ROSTER), at_us=0),
            reads_entry(utc(*CHIPS, source=FINISH), 1),
            *([reads_entry(utc(*hands, source=FINISH), 2)] if hands else []),
            reads_entry(utc(read("T1", at("9:40:00")), source=GINESTE), 3),
        )
    )


@settings(deadline=None)
@given(st.lists(st.integers(-60 * MINUTE, 150 * MINUTE), max_size=8))
def test_hand_times_are_kept_and_change_no_time(at_us: list[int]) -> None:
    without, _ = with_hands([])
    some, state = with_hands([pressed(at("10:10:00") + us) for us in at_us])
    assert np.array_equal(some.times.crossing_us, without.times.crossing_us)
    assert np.array_equal(some.times.status, without.times.status)
    assert len(state.reads()) == 4 + len(set(at_us))
    assert state.counts[FINISH].reads == 3 + len(set(at_us))
    used = (some.classes == ReadClass.USED).sum()
    assert used == (without.classes == ReadClass.USED).sum() == 4


def test_a_hand_time_told_again_from_a_memory_is_one() -> None:
    _, state = with_hands([pressed(at("10:11:00")), pressed(at("10:11:00")), pressed(at("10:11:00"), "C2")])
    assert len(state.reads()) == 6


def test_a_hand_time_that_came_with_the_tag_of_a_runner_is_no_read_of_the_chip() -> None:
    by_hand = read("T1", at("10:05:00"), kind=ReadKind.HAND, label="C1")
    without, _ = with_hands([])
    some, state = with_hands([by_hand])
    assert np.array_equal(some.times.crossing_us, without.times.crossing_us)
    assert (some.classes == ReadClass.UNKNOWN_TAG).sum() == 1
    assert len(state.reads()) == 5
