"""Live equals batch: whatever the order and the grouping of entries, the picture is that of everything at once."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from small_race import at

from calanque.derived import Derived
from config.loader import load_race
from config.plan import RacePlan
from timing.desk_entries import ArmedBody, MarkBody
from timing.entries import ClosingBody, GunBody, RosterBody, new_entry, reads_entry
from timing.instants import SECOND
from timing.journal import Entry, NewEntry
from timing.passings import arrange
from timing.reads import ChipRead, ClockKind, ReadClass, ReadKind, SourceId, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster
from timing.state import RaceState
from timing.times import Status, Times


@pytest.fixture(scope="module")
def plan() -> RacePlan:
    return load_race("marseille_cassis_2024")


def _roster() -> Roster:
    runners = [
        Entrant(bib=Bib(str(n)), tags=(Tag(f"0580{n:08X}"), Tag(f"0590{n:08X}")), birth_year=1980, category="M1M")
        for n in range(1, 60)
    ]
    return Roster(entrants=(*runners, Entrant(bib=Bib("V1"), tags=(Tag("CAR"),), role="vehicle")))


def _batches(chance: Random) -> list[SourceReads]:
    """Crossings of everybody at every mat, misses, repeats, walk-backs, a parked tag, unknown tags."""
    points = {
        "start-main": (None, at("9:00:05")),
        "gineste": ("01", at("9:50:00")),
        "finish-main": (None, at("10:40:00")),
        "finish-backup": (None, at("10:40:02")),
    }
    batches = []
    for source, (label, base) in points.items():
        reads = []
        for entrant in _roster().entrants:
            for tag in entrant.tags:
                if chance.random() < 0.1:
                    continue
                moment = base + chance.randrange(600 * SECOND)
                offsets = [chance.randrange(2 * SECOND) for _ in range(chance.randrange(1, 4))]
                reads += [_read(tag, moment + offset, label) for offset in offsets]
                if chance.random() < 0.1:
                    reads.append(_read(tag, moment + 900 * SECOND, label))
        reads += [replace(_read(Tag("TWICE"), base, label), reader_seq=n) for n in (1, 2)]  # equal in all but number
        reads += [
            ChipRead(tag=None, stamp_us=base + n * SECOND, received_us=base, label=label, kind=ReadKind.HAND)
            for n in range(5)
        ]
        reads += [_read(Tag("STRANGER"), base + n * SECOND, label) for n in range(30)]
        reads += [_read(Tag("059000000001"), base + n * SECOND // 2, label) for n in range(4000)]
        chance.shuffle(reads)
        while reads:
            size = chance.randrange(1, 400)
            part, reads = reads[:size], reads[size:]
            batches.append(SourceReads(source=SourceId(source), clock=ClockKind.UTC, reads=part))
    chance.shuffle(batches)
    return batches


def _read(tag: Tag, moment: int, label: str | None) -> ChipRead:
    return ChipRead(tag=tag, stamp_us=moment, received_us=moment + SECOND, label=label)


def _numbered(entries: list[NewEntry]) -> list[Entry]:
    return [
        Entry(number=n, kind=e.kind, version=e.version, source=e.source, at_us=e.at_us, body=e.body, seal=b"")
        for n, e in enumerate(entries, 1)
    ]


def _same_times(a: Times, b: Times) -> None:
    for name in Times.__dataclass_fields__:
        left, right = getattr(a, name), getattr(b, name)
        if isinstance(left, np.ndarray):
            assert np.array_equal(left, right), name
        else:
            assert left == right, name


@pytest.mark.parametrize("seed", range(3))
def test_the_live_picture_equals_the_picture_of_everything_at_once(plan: RacePlan, seed: int) -> None:
    chance = Random(seed)
    entries = [reads_entry(batch, at("9:00:00")) for batch in _batches(chance)]
    decisions = [
        new_entry(GunBody(wave="1", instant_us=at("9:00:03"), origin="hand"), 0),
        new_entry(ClosingBody(point="start", at_us=at("9:40:00"), author="Anne"), 0),
        new_entry(ArmedBody(armed=True, at_us=at("8:58:00"), author="Anne"), 0),
        new_entry(GunBody(wave=None, instant_us=at("8:57:00"), origin="wire"), 0),
        new_entry(MarkBody(bib=Bib("3"), mark="said", microphone="1", at_us=0, author="Anne"), 0),
        new_entry(RosterBody(roster=replace(_roster())), 0),
    ]
    for decision in decisions:
        entries.insert(chance.randrange(len(entries)), decision)
    numbered = _numbered([new_entry(RosterBody(roster=_roster()), 0), *entries])

    state = RaceState(plan.race)
    derived = Derived(plan, state)
    while numbered:
        size = chance.randrange(1, 6)
        tick, numbered = numbered[:size], numbered[size:]
        state.apply_all(tick)
        for entry in tick:
            derived.note(entry)
        derived.refresh()
    derived.refresh(settle=True)
    live = derived.picture()

    at_once = Derived(plan, state).picture()
    _same_times(live.times, at_once.times)
    assert live.read_counts == at_once.read_counts
    assert sum(live.read_counts.values()) == len(state.reads()) == len(arrange(state.reads()).reads) + 4
    for name in ("rank_overall", "rank_sex", "rank_category"):
        assert np.array_equal(getattr(live.rankings, name), getattr(at_once.rankings, name))
    assert (live.times.status == Status.FINISHED).sum() > 40
    assert live.read_counts[ReadClass.STRAY] > 0
    assert live.read_counts[ReadClass.UNKNOWN_TAG] == 4 * (30 + 1 + 5)


def test_a_closing_taken_back_restores_the_former_statuses(plan: RacePlan) -> None:
    state = RaceState(plan.race)
    derived = Derived(plan, state)
    statuses = []
    bodies = (
        RosterBody(roster=_roster()),
        ClosingBody(point="start", at_us=at("9:40:00"), author="Anne"),
        ClosingBody(point="start", at_us=None, author="Anne"),
    )
    for entry in _numbered([new_entry(body, 0) for body in bodies]):
        state.apply(entry)
        derived.note(entry)
        derived.refresh()
        statuses.append(set(derived.picture().times.status.tolist()))
    assert statuses == [{Status.ENTERED}, {Status.DNS}, {Status.ENTERED}]


def test_a_gun_from_before_the_race_was_armed_was_a_trial_and_counts_again_when_it_is_disarmed(plan: RacePlan) -> None:
    state = RaceState(plan.race)
    derived = Derived(plan, state)
    guns = []
    bodies = (
        RosterBody(roster=_roster()),
        GunBody(wave=None, instant_us=at("8:55:10"), origin="wire"),
        GunBody(wave="2", instant_us=at("8:55:20"), origin="button"),
        GunBody(wave="3", instant_us=at("8:55:30"), origin="hand"),
        ArmedBody(armed=True, at_us=at("8:56:00"), author="Anne"),
        GunBody(wave=None, instant_us=at("9:00:00.25"), origin="wire"),
        ArmedBody(armed=False, at_us=at("9:01:00"), author="Anne"),
    )
    for entry in _numbered([new_entry(body, 0) for body in bodies]):
        state.apply(entry)
        derived.note(entry)
        derived.refresh()
        guns.append(derived.picture().times.guns)
    plan_of = [wave.planned_gun_us for wave in plan.race.waves]
    _, _, _, tried, armed, fired, disarmed = guns
    assert tried.wave_us[:3] == (at("8:55:10"), at("8:55:20"), at("8:55:30"))
    assert armed.wave_us[:3] == (plan_of[0], plan_of[1], at("8:55:30")), "an hour that was entered is no trial"
    assert fired.wave_us[:2] == (at("9:00:00.25"), plan_of[1])
    assert disarmed.wave_us[:2] == (at("8:55:10"), at("8:55:20"))
