"""Which reads are the same: exactly those with one identity, whatever the batches they come in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_cases import batch_of, some_batches

from timing.entries import DecodedReads
from timing.identity import IdentityIndex, KeyTable
from timing.reads import ChipRead, ReadKind, SourceId, Tag

READ = ChipRead(tag=Tag("A"), stamp_us=1_000, received_us=5, antenna=1, rssi=-50.0)
SMALL = st.integers(-3, 3)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.tuples(SMALL, SMALL), max_size=30), max_size=6))
def test_pairs_get_rows_in_order_of_first_sight(batches: list[list[tuple[int, int]]]) -> None:
    table = KeyTable()
    known: dict[tuple[int, int], int] = {}
    for batch in batches:
        pairs = np.array(batch, np.int64).reshape(-1, 2)
        rows = table.place(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))
        assert rows.tolist() == [known.setdefault(pair, len(known)) for pair in batch]
    assert len(table) == len(known)


def test_many_pairs_in_a_growing_table_are_all_found_again() -> None:
    rng = np.random.default_rng(3)
    first = rng.integers(0, 2**62, 200_000)
    second = rng.integers(0, 1_000, 200_000)
    table = KeyTable()
    rows = np.concatenate([table.place(first[i : i + 7_000], second[i : i + 7_000]) for i in range(0, 200_000, 7_000)])
    assert rows.tolist() == list(range(200_000))
    assert np.array_equal(table.place(first[::-1].copy(), second[::-1].copy()), rows[::-1])


@pytest.mark.parametrize(
    "other",
    [
        replace(READ, tag=Tag("B")),
        replace(READ, tag=None),
        replace(READ, stamp_us=1_001),
        replace(READ, antenna=2),
        replace(READ, antenna=None),
        replace(READ, antenna=-1),
        replace(READ, antenna=10**12),
        replace(READ, label="0a"),
        replace(READ, kind=ReadKind.HAND),
        replace(READ, reader_seq=1_000),
    ],
)
def test_a_read_that_differs_in_its_identity_is_another_read(other: ChipRead) -> None:
    index = IdentityIndex()
    assert index.fresh(batch_of([READ, other])) == (batch_of([READ, other]), 0)
    assert index.fresh(batch_of([other, READ])) == (batch_of([]), 2)
    assert len(index) == 2
    assert index.fresh(batch_of([READ], SourceId("other")))[1] == 0


@pytest.mark.parametrize(
    "same",
    [replace(READ, received_us=99), replace(READ, raw="text"), replace(READ, rssi=-60.0), replace(READ, rssi=None)],
)
def test_path_arrival_and_weaker_signals_do_not_make_another_read(same: ChipRead) -> None:
    index = IdentityIndex()
    index.fresh(batch_of([READ]))
    assert index.fresh(batch_of([same])) == (batch_of([]), 1)


def test_numbered_reads_are_told_by_their_number() -> None:
    index = IdentityIndex()
    first = replace(READ, reader_file="f1", reader_seq=7)
    index.fresh(batch_of([first]))
    # The same number by another path, with a stamp cut to hundredths and another word for the mat.
    assert index.fresh(batch_of([replace(first, stamp_us=990, label="x", antenna=None)]))[1] == 1
    assert index.fresh(batch_of([replace(first, reader_seq=8)]))[1] == 0
    assert index.fresh(batch_of([replace(first, reader_file="f2")]))[1] == 0
    # The reader lost its memory and numbers from one again: another runner's read is no repeat.
    assert index.fresh(batch_of([replace(first, tag=Tag("B"))]))[1] == 0


def test_a_repeat_with_a_stronger_signal_is_let_through_once() -> None:
    index = IdentityIndex()
    weak, strong = replace(READ, rssi=None), replace(READ, rssi=-40.0)
    assert index.fresh(batch_of([weak]))[1] == 0
    assert index.fresh(batch_of([strong])) == (batch_of([strong]), 0)
    assert index.fresh(batch_of([strong, weak]))[1] == 2
    assert len(index) == 1


def test_repeats_within_one_batch_are_found() -> None:
    index = IdentityIndex()
    stronger = replace(READ, rssi=-45.0)
    new, repeats = index.fresh(batch_of([READ, READ, stronger, READ]))
    assert (new.reads, repeats) == ([READ, stronger], 2)


def test_malformed_records_pass() -> None:
    batch = replace(batch_of([READ, READ]), malformed=(("??", "no tag"),))
    new, _ = IdentityIndex().fresh(batch)
    assert new.malformed == batch.malformed


def test_what_the_journal_refused_is_new_when_it_comes_again() -> None:
    index = IdentityIndex()
    batch = batch_of([READ, replace(READ, rssi=None, stamp_us=2)])
    new, _ = index.fresh(batch)
    index.forget(new)
    assert len(index) == 0
    assert index.fresh(batch) == (batch, 0)
    assert index.fresh(batch)[1] == 2


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_loading_many_batches_at_once_equals_one_by_one(data: st.DataObject) -> None:
    reads = st.builds(
        ChipRead,
        tag=st.sampled_from([None, Tag("A"), Tag("B")]),
        stamp_us=st.integers(0, 3),
        received_us=st.just(0),
        label=st.sampled_from([None, "x", "y"]),
        antenna=st.sampled_from([None, 0, 1, 2**40]),
        rssi=st.sampled_from([None, -50.0, -40.0]),
        reader_file=st.sampled_from([None, "f"]),
        reader_seq=st.sampled_from([None, None, 1, 2]),
    )
    source = st.sampled_from([SourceId("a"), SourceId("b")])
    batches = data.draw(st.lists(st.builds(batch_of, st.lists(reads, max_size=8), source), max_size=6))
    one_by_one, at_once = IdentityIndex(), IdentityIndex()
    for batch in batches:
        one_by_one.fresh(batch)
    at_once.load([DecodedReads.of(batch) for batch in batches])
    assert len(one_by_one) == len(at_once)
    for batch in batches:
        assert at_once.fresh(batch)[1] == len(batch.reads)
        assert one_by_one.fresh(batch)[1] == len(batch.reads)


def test_an_identity_takes_some_tens_of_bytes() -> None:
    index = IdentityIndex()
    index.load([DecodedReads.of(batch) for batch in some_batches(30, 2_000)])
    assert len(index) == 60_000
    assert index.nbytes / len(index) < 64
