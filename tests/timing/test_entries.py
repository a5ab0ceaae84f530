"""Bodies of entries come back as they went in, byte for byte and field by field, and unknown ones are refused."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_cases import batch_of, some_batches

from timing.columns import pack, unpack
from timing.desk_entries import (
    AbandonBody,
    AlarmBody,
    ArmedBody,
    FavouritesBody,
    HandBibBody,
    HandStampBody,
    MarkBody,
    MatBody,
    PaceBody,
    PassingOrderBody,
)
from timing.entries import (
    Body,
    ClockBody,
    ClosingBody,
    DecodedReads,
    Delivery,
    GunBody,
    LossBody,
    NoteBody,
    PublicationBody,
    RosterBody,
    RulesBody,
    content_check,
    decode,
    decode_reads,
    encode_reads,
    new_entry,
    reads_entry,
)
from timing.errors import JournalRefused
from timing.instants import MISSING
from timing.journal_chain import Entry, EntryKind, NewEntry, sealed
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster, Sex

INT64 = st.integers(MISSING + 1, 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


def entry_of(new: NewEntry) -> Entry:
    return sealed([new], last=0, seal=bytes(32))[0]


BODIES: list[Body] = [
    MarkBody(bib=Bib("12"), mark="later", microphone="1", at_us=5, author="Hélène"),
    FavouritesBody(by="club", values=("AC Garlaban", "=1+1"), on=False, at_us=-3, author="H"),
    PaceBody(step_ms=4000, at_us=5, author="H"),
    PassingOrderBody(metres=12_000, bibs=(Bib("4"), Bib("2")), at_us=5, author="R", first_place=3, text="tête"),
    AlarmBody(key="antenna:3", at_us=5, author="R"),
    ArmedBody(armed=True, at_us=5, author="R", open_checks=("power", "clocks")),
    MatBody(mat="gineste", laid=False, at_us=5, author="R"),
    AbandonBody(bib=Bib("9"), at_us=5, author="R", place="col", metres=10_000, private="cheville"),
    HandStampBody(device="tente", number=4, point="FINISH", at_us=5, author="R", error_us=20_000, order_only=True),
    HandBibBody(device="tente", number=4, bib=None, at_us=5, author="R"),
    RulesBody(text='[event]\nname = "Été"\n', file="race.toml", author="Anne"),
    RosterBody(roster=Roster(entrants=())),
    RosterBody(roster=Roster(entrants=()), file="a.csv", digest="0f" * 32, change=("rebib", "A 3", "9003")),
    RosterBody(
        roster=Roster(
            entrants=(
                Entrant(bib=Bib("007")),
                Entrant(
                    bib=Bib("88"),
                    tags=(Tag("058001A"), Tag("058001B")),
                    last_name="D'Ÿvoire <b>",
                    first_name="=1+1",
                    sex=Sex.X,
                    birth_date=date(1980, 2, 29),
                    birth_year=1980,
                    age=44,
                    elite=True,
                    public=False,
                    wave="3",
                    role="pacer",
                ),
            )
        ),
        file="engagés.xlsx",
        author="Anne",
    ),
    GunBody(wave="1", instant_us=12, origin="hand", author="Bernard"),
    GunBody(wave=None, instant_us=None, origin="wire", source=SourceId("s"), stamp_us=-5, clock=ClockKind.TIME_OF_DAY),
    ClosingBody(point="start", at_us=5, author="Anne"),
    ClosingBody(point="finish", at_us=None, author="Anne"),
    PublicationBody(number=2, at_us=1, through=77, files={"results.csv": "ab" * 32}, author="Anne"),
    LossBody(source=SourceId("s"), store="st", ranges=((1, 5), (9, 9))),
    ClockBody(source=SourceId("s"), clock_us=2**60, asked_us=3, round_trip_us=4),
    NoteBody(text="rain\n\x00\udcff", author=""),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_body_comes_back_as_it_went_in(body: Body) -> None:
    new = new_entry(body, at_us=99)
    assert new.at_us == 99
    assert new.source == getattr(body, "source", None)
    assert decode(entry_of(new)) == body
    assert new_entry(body, at_us=99) == new, "the same body gives the same bytes"


@pytest.mark.parametrize("kind", EntryKind)
def test_an_unknown_version_or_a_body_that_is_none_is_refused_with_its_number(kind: EntryKind) -> None:
    source = SourceId("s")
    newer = replace(entry_of(NewEntry(kind=kind, body=b"", at_us=0, source=source, version=99)), number=12)
    with pytest.raises(JournalRefused, match=r"entry 12 .* version 99"):
        decode(newer)
    for body in (b"", b"[]", b'{"a": 1}', b"\xff\xfe", zlib.compress(b"{}"), bytes(20)):
        with pytest.raises(JournalRefused, match="entry 12"):
            decode(replace(newer, version=1, body=body))


CHIP_READS = st.builds(
    ChipRead,
    tag=st.one_of(st.none(), TEXT.map(Tag), st.sampled_from([Tag("A"), Tag("B")])),
    stamp_us=INT64,
    received_us=INT64,
    kind=st.sampled_from(ReadKind),
    label=st.one_of(st.none(), TEXT),
    antenna=st.one_of(st.none(), st.integers(-5, 9), INT64),
    rssi=st.one_of(st.none(), st.integers(-90, 0).map(float), st.floats(allow_nan=False), st.just(-0.0)),
    reader_file=st.one_of(st.none(), TEXT),
    reader_seq=st.one_of(st.none(), INT64),
    raw=st.one_of(st.none(), TEXT),
)
DELIVERIES = st.one_of(
    st.none(),
    st.integers(0, 5).flatmap(
        lambda n: st.builds(
            Delivery,
            store=st.just("store-1"),
            first=st.integers(1, 2**62),
            count=st.just(n),
            checks=st.one_of(st.just(()), st.tuples(*[st.integers(0, 2**32 - 1)] * n)),
        )
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(CHIP_READS, max_size=12),
    st.sampled_from(ClockKind),
    st.lists(st.tuples(TEXT, TEXT), max_size=3),
    DELIVERIES,
)
def test_any_batch_of_reads_comes_back_exactly(
    reads: list[ChipRead], clock: ClockKind, malformed: list[tuple[str, str]], delivery: Delivery | None
) -> None:
    batch = SourceReads(source=SourceId("s"), clock=clock, reads=reads, malformed=malformed)
    found = decode(entry_of(reads_entry(batch, 7, delivery)))
    assert isinstance(found, DecodedReads)
    # repr: -0.0 is not 0.0 here.
    assert repr(found.chip_reads()) == repr(reads)
    assert (found.source, found.clock, found.malformed) == ("s", clock, tuple(malformed))
    assert found.delivery == delivery


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_columns_come_back_exactly_whatever_their_values(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 40))
    small = st.integers(-200, 200)
    wholes = {
        name: np.array(data.draw(st.lists(values, min_size=rows, max_size=rows)), np.int64)
        for name, values in {
            "small": small,
            "any": st.integers(MISSING, 2**63 - 1),
            "some": st.one_of(small, st.just(MISSING)),
            "none": st.just(MISSING),
            "far": small.map(lambda n: 2**62 + n),
        }.items()
    }
    reals = {"real": np.array(data.draw(st.lists(st.floats(), min_size=rows, max_size=rows)), np.float64)}
    header, found, real = unpack(pack({"a": "é"}, rows, wholes, reals))
    assert header == {"a": "é", "rows": rows}
    for name, values in wholes.items():
        assert np.array_equal(found.get(name, np.full(rows, MISSING)), values), name
    assert np.array_equal(real.get("real", np.full(rows, np.nan)), reals["real"], equal_nan=True)


def test_a_read_at_the_finish_peak_takes_some_twenty_bytes() -> None:
    bodies = [encode_reads(batch) for batch in some_batches(20, 50)]
    assert sum(map(len, bodies)) / 1000 < 25
    larger = [encode_reads(batch) for batch in some_batches(1, 1000)]
    assert sum(map(len, larger)) / 1000 < 18


def test_a_batch_without_reads_is_an_entry_too() -> None:
    delivery = Delivery(store="a", first=10, count=2, checks=(1, 2))
    found = decode_reads(SourceId("s"), encode_reads(batch_of([]), delivery))
    assert len(found) == 0
    assert found.delivery == delivery


def test_the_check_of_a_record_sees_what_must_not_change() -> None:
    read = ChipRead(tag=Tag("A"), stamp_us=1, received_us=2, antenna=3, reader_seq=4)
    for other in (
        replace(read, tag=Tag("B")),
        replace(read, stamp_us=2),
        replace(read, antenna=None),
        replace(read, reader_seq=5),
    ):
        assert content_check(other) != content_check(read)
    assert content_check(replace(read, received_us=9, rssi=-3.0)) == content_check(read)


def test_a_roster_without_editions_is_written_as_before_there_were_any() -> None:
    plain = Roster(entrants=(Entrant(bib=Bib("7"), say="sept"),))
    counted = Roster(entrants=(Entrant(bib=Bib("7"), say="sept", editions=10), Entrant(bib=Bib("8"))))
    written = new_entry(RosterBody(roster=plain), 0)
    assert "editions" not in json.loads(zlib.decompress(written.body))["columns"]
    for roster in (plain, counted):
        body = decode(entry_of(new_entry(RosterBody(roster=roster), 0)))
        assert isinstance(body, RosterBody)
        assert body.roster == roster
