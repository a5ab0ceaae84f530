"""The fold of the journal: the same entries give the same state, and the order of reads' arrival changes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_cases import DEADLINE_S, some_batches
from small_race import NINE, at, make_race

from timing.entries import (
    Body,
    ClockBody,
    ClosingBody,
    Delivery,
    GunBody,
    LossBody,
    NoteBody,
    PublicationBody,
    RosterBody,
    RulesBody,
    new_entry,
    reads_entry,
)
from timing.instants import HOUR, SECOND
from timing.journal import Entry, Journal, NewEntry
from timing.journal_chain import sealed
from timing.race import Race
from timing.read_columns import NO_NAME
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster
from timing.state import RaceState

RACE = make_race()
FINISH = SourceId("finish-main")
GINESTE = SourceId("gineste-main")


def numbered(new: Sequence[NewEntry]) -> list[Entry]:
    return sealed(new, last=0, seal=bytes(32))


def state_of(*new: NewEntry, race: Race = RACE) -> RaceState:
    state = RaceState(race)
    for entry in numbered(new):
        state.apply(entry)
    return state


def bodies(*found: Body) -> list[NewEntry]:
    return [new_entry(body, at_us=i) for i, body in enumerate(found)]


def read(tag: str | None, stamp_us: int, **more: object) -> ChipRead:
    known = {"tag": None if tag is None else Tag(tag), "stamp_us": stamp_us, "received_us": stamp_us + 1_000}
    return ChipRead(**(known | more))


def utc(*reads: ChipRead, source: SourceId = FINISH, **more: object) -> SourceReads:
    return SourceReads(**({"source": source, "clock": ClockKind.UTC, "reads": reads} | more))


def rows_in(state: RaceState) -> list[tuple[object, ...]]:
    """The reads as a sorted list of what they say, with names instead of numbers."""
    r = state.reads()
    tags = [None if t < 0 else state.tags.names[t] for t in r.tag]
    sources = [state.sources.names[s] for s in r.source]
    rssi = [None if np.isnan(x) else float(x) for x in r.rssi]
    columns = (tags, r.mat.tolist(), r.moment_us.tolist(), sources, r.antenna.tolist(), rssi, r.held.tolist())
    return sorted(zip(*columns, strict=True), key=repr)


def test_a_read_gets_its_mat_its_instant_and_the_number_of_its_tag() -> None:
    local_us = (10 * HOUR) + 19_996 * 86_400 * SECOND  # 2024-09-30 10:00 on the wall: before the race.
    state = state_of(
        reads_entry(utc(read("A", at("10:00:00"), antenna=3, rssi=-50.5), read("B", at("10:00:01"))), 0),
        reads_entry(
            SourceReads(
                source=GINESTE,
                clock=ClockKind.LOCAL,
                reads=[read("A", local_us), read("A", local_us + 27 * 86_400 * SECOND)],
            ),
            0,
        ),
        reads_entry(utc(read("A", at("10:00:00")), source=SourceId("unknown")), 0),
    )
    r = state.reads()
    assert [state.tags.names[t] for t in r.tag] == ["A", "B", "A", "A", "A"]
    mats = [mat.id for mat in RACE.course.mats]
    finish, gineste = mats.index("FINISH-main"), mats.index("GINESTE-main")
    assert r.mat.tolist() == [finish, finish, gineste, gineste, -1]
    assert r.moment_us[[0, 1, 3]].tolist() == [at("10:00:00"), at("10:00:01"), at("10:00:00")]
    assert r.held.tolist() == [False, False, True, False, False]
    assert r.antenna.tolist() == [3, -1, -1, -1, -1]
    assert r.rssi[0] == -50.5
    assert np.isnan(r.rssi[1])


def test_of_two_signals_of_one_read_the_stronger_is_kept() -> None:
    weak, strong = read("A", NINE, rssi=-60.0), read("A", NINE, rssi=-40.0)
    for order in ([weak, strong], [strong, weak]):
        together = state_of(reads_entry(utc(*order), 0))
        apart = state_of(*[reads_entry(utc(r), 0) for r in order])
        for state in (together, apart):
            assert state.reads().rssi.tolist() == [-40.0]
            assert state.counts[FINISH].reads == 1


READS = st.builds(
    read,
    st.sampled_from([None, "A", "B", "C"]),
    st.integers(0, 3).map(lambda n: NINE + n),
    received_us=st.integers(0, 5),
    label=st.sampled_from([None, "x"]),
    antenna=st.sampled_from([None, 1, 2]),
    rssi=st.sampled_from([None, -60.0, -50.0, -40.0]),
    reader_seq=st.sampled_from([None, None, 1, 2]),
    kind=st.sampled_from([ReadKind.READ, ReadKind.READ, ReadKind.HAND, ReadKind.GUN]),
)
BATCHES = st.builds(
    SourceReads,
    source=st.sampled_from([FINISH, GINESTE]),
    clock=st.sampled_from([ClockKind.UTC, ClockKind.LOCAL]),
    reads=st.lists(READS, max_size=6),
    malformed=st.lists(st.just(("?", "noise")), max_size=1),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(BATCHES, min_size=1, max_size=7), st.data())
def test_the_order_of_arrival_changes_nothing(batches: list[SourceReads], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(batches))
    repeated = [*shuffled, *data.draw(st.lists(st.sampled_from(batches), max_size=3))]
    first = state_of(*[reads_entry(b, 0) for b in batches])
    second = state_of(*[reads_entry(b, 0) for b in shuffled])
    third = state_of(*[reads_entry(replace(b, malformed=()), 0) for b in repeated])
    assert rows_in(first) == rows_in(second) == rows_in(third)
    for source in (FINISH, GINESTE):
        assert replace(first.counts[source], batches=0) == replace(second.counts[source], batches=0)
        assert first.counts[source].reads == third.counts[source].reads
    guns = [sorted((g.body.source, g.body.stamp_us, str(g.body.clock)) for g in s.guns) for s in (first, second, third)]
    assert guns[0] == guns[1] == guns[2]


@settings(max_examples=60, deadline=None)
@given(st.lists(BATCHES, max_size=7))
def test_many_entries_at_once_equal_one_by_one(batches: list[SourceReads]) -> None:
    entries = numbered([reads_entry(b, i) for i, b in enumerate(batches)])
    at_once, one_by_one = RaceState(RACE), RaceState(RACE)
    at_once.apply_all(entries)
    for entry in entries:
        one_by_one.apply(entry)
    assert rows_in(at_once) == rows_in(one_by_one)
    assert at_once.counts == one_by_one.counts
    assert at_once.guns == one_by_one.guns
    assert at_once.tags.names == one_by_one.tags.names
    assert at_once.take_touched().tolist() == one_by_one.take_touched().tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(BATCHES, max_size=7))
def test_the_rows_of_a_tag_are_all_its_reads(batches: list[SourceReads]) -> None:
    state = state_of(*[reads_entry(b, 0) for b in batches])
    tag = state.reads().tag
    for code in range(len(state.tags)):
        assert state.rows_of_tags([code]).tolist() == np.flatnonzero(tag == code).tolist()
    everything = state.rows_of_tags(np.arange(len(state.tags)))
    assert sorted(everything.tolist()) == np.flatnonzero(tag >= 0).tolist()
    assert state.rows_of_tags([NO_NAME, 10_000]).tolist() == np.flatnonzero(tag == NO_NAME).tolist()


def test_touched_are_the_tags_with_a_new_or_better_read_since_last_asked() -> None:
    state = RaceState(RACE)
    a, b = read("A", NINE, rssi=-50.0), read("B", NINE, rssi=-50.0)
    entries = numbered(
        [
            reads_entry(utc(a, b, read(None, NINE)), 0),
            reads_entry(utc(a), 0),
            reads_entry(utc(replace(b, rssi=-40.0), replace(a, rssi=-70.0)), 0),
            reads_entry(utc(read("C", NINE), replace(a, stamp_us=NINE + 1)), 0),
        ]
    )
    names = []
    for entry in entries:
        state.apply(entry)
        names.append([None if tag == NO_NAME else state.tags.names[tag] for tag in state.take_touched()])
    assert names == [[None, "A", "B"], [], ["B"], ["A", "C"]]


def test_reads_are_windows_that_are_not_copied() -> None:
    state = state_of(*[reads_entry(b, 0) for b in some_batches(10)])
    assert np.shares_memory(state.reads().moment_us, state.reads().moment_us)


def test_guns_of_the_wire_are_kept_apart_from_reads_and_once() -> None:
    gun = read(None, NINE + 5, kind=ReadKind.GUN)
    late = replace(gun, stamp_us=NINE + 400 * HOUR)
    state = state_of(
        reads_entry(utc(gun, read("A", NINE)), 0),
        *bodies(GunBody(wave="1", instant_us=NINE, origin="hand", author="Anne")),
        reads_entry(utc(replace(gun, received_us=0), late), 0),
    )
    assert len(state.reads()) == 1
    found = [(g.number, g.body.wave, g.body.instant_us, g.body.origin) for g in state.guns]
    assert found == [(1, None, NINE + 5, "wire"), (2, "1", NINE, "hand"), (3, None, None, "wire")]
    assert state.identity_index().fresh(utc(gun))[1] == 1


def test_the_last_roster_is_in_force_and_all_versions_stay() -> None:
    first, second = (Roster(entrants=(Entrant(bib=Bib(bib)),)) for bib in ("1", "2"))
    state = RaceState(RACE)
    assert state.roster is None
    for entry in numbered(bodies(RosterBody(roster=first, file="a.csv"), RosterBody(roster=second, file="b.csv"))):
        state.apply(entry)
    assert state.roster == second
    version = state.roster_version
    assert version is not None
    assert (version.number, version.body.file) == (2, "b.csv")
    assert [entry.number for entry in state.roster_entries] == [1, 2]


def test_what_was_decided_is_kept_in_order() -> None:
    state = state_of(
        *bodies(
            RulesBody(text="a"),
            ClosingBody(point="start", at_us=5, author="Anne"),
            ClosingBody(point="start", at_us=None, author="Anne"),
            PublicationBody(number=1, at_us=1, through=3),
            ClockBody(source=FINISH, clock_us=1, asked_us=2, round_trip_us=3),
            ClockBody(source=FINISH, clock_us=4, asked_us=5, round_trip_us=6),
            NoteBody(text="rain"),
            RulesBody(text="b"),
        )
    )
    assert [(c.number, c.body.at_us) for c in state.closings] == [(2, 5), (3, None)]
    assert [r.body.text for r in state.rules] == ["a", "b"]
    assert [p.body.through for p in state.publications] == [3]
    assert state.clocks[FINISH].body.clock_us == 4
    assert [n.body.text for n in state.notes] == ["rain"]
    assert state.applied == 8


def test_cursors_are_rebuilt_with_losses_and_conflicts() -> None:
    def batch(first: int, count: int, checks: tuple[int, ...] = (), store: str = "s1") -> NewEntry:
        return reads_entry(utc(source=GINESTE), 0, Delivery(store=store, first=first, count=count, checks=checks))

    state = state_of(
        batch(1, 3, (7, 8, 9)),
        batch(11, 2),
        batch(1, 1, store="s2"),
        *bodies(LossBody(source=GINESTE, store="s1", ranges=((4, 6), (8, 9)))),
    )
    cursor = state.cursors[GINESTE, "s1"]
    assert (cursor.through, cursor.also) == (6, [(8, 9), (11, 12)])
    assert cursor.conflicts(1, [7, 8, 10]) == [3]
    assert state.cursors[GINESTE, "s2"].through == 1
    assert len(state.losses) == 1


def test_counts_say_what_each_source_gave_and_where_to_ask_its_memory_from() -> None:
    state = state_of(
        reads_entry(
            utc(
                read("A", NINE + 50, received_us=200),
                read("B", NINE + 90, received_us=100),
                read("C", NINE + 900 * HOUR, received_us=300),  # A clock gone mad: held.
                malformed=[("?", "noise"), ("?", "noise")],
            ),
            0,
        ),
        reads_entry(utc(source=GINESTE, malformed=[("?", "noise")]), 0),
    )
    counts = state.counts[FINISH]
    assert (counts.reads, counts.malformed, counts.batches) == (3, 2, 1)
    assert (counts.last_received_us, counts.last_stamp_us, counts.newest_us) == (200, NINE + 50, NINE + 90)
    assert state.counts[GINESTE].last_stamp_us is None
    assert state.malformed == 3
    assert state.counts[SourceId("start-main")].reads == 0


def test_the_reader_s_own_numbering_of_the_last_read_is_kept_whatever_the_order_of_batches() -> None:
    batches = [
        utc(read("A", NINE, received_us=100, reader_file="7", reader_seq=40), read("B", NINE + 1, received_us=101)),
        utc(read("C", NINE + 3, received_us=300, reader_seq=42, reader_file="8"), read("D", NINE + 2, received_us=200)),
        utc(read("A", NINE + 4, received_us=150, reader_seq=41, reader_file="7"), source=GINESTE),
    ]
    for order in permutations(batches):
        counts = state_of(*[reads_entry(batch, 0) for batch in order]).counts
        assert (counts[FINISH].last_stamp_us, counts[FINISH].last_file, counts[FINISH].last_seq) == (NINE + 3, "8", 42)
        assert (counts[GINESTE].last_file, counts[GINESTE].last_seq) == ("7", 41)
    last = state_of(reads_entry(batches[0], 0)).counts[FINISH]
    assert (last.last_stamp_us, last.last_file, last.last_seq) == (NINE + 1, None, None)


def test_an_index_made_from_the_state_knows_its_reads() -> None:
    batches = some_batches(20)
    state = state_of(*[reads_entry(b, 0) for b in batches])
    index = state.identity_index()
    for batch in batches:
        assert index.fresh(batch)[1] == len(batch.reads)
    stronger = replace(batches[0], reads=[replace(r, rssi=0.0) for r in batches[0].reads])
    assert index.fresh(stronger)[1] == 0
    assert len(state.reads()) == 1000, "the state does not change with the index"


def test_entries_are_applied_in_order_and_once() -> None:
    state = RaceState(RACE)
    entries = numbered(bodies(NoteBody(text="a"), NoteBody(text="b")))
    state.apply(entries[1])
    with pytest.raises(AssertionError, match="in order"):
        state.apply(entries[0])


@pytest.mark.slow
def test_a_restart_at_the_peak_takes_reads_again_within_two_seconds(tmp_path: Path, race: Race) -> None:
    """300,000 reads in the journal: opening, verifying and folding all of it, in time of this process alone."""
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, race=race.id) as journal:
        for batch in some_batches(6_000):
            journal.append([reads_entry(batch, 0)])
        journal.append([]).result(DEADLINE_S)
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        with Journal.open(path, race=race.id) as journal:
            state = RaceState(race)
            state.apply_all(journal.entries())
            index = state.identity_index()
            best = min(best, time.process_time() - began)
        assert len(state.reads()) == len(index) == 300_000
        if best < 2:
            break
    assert best < 2, f"{best:.2f} s"
