"""Whatever the order, repetition and grouping, the same race gives the same bytes; what is taken back leaves none.

Fields, reads and rulings are drawn by hypothesis; what is compared is results.csv and every list, for the public and
for the jury.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from race_book import Book, batch, runner
from small_race import at

from config.loader import load_race
from config.plan import RacePlan
from timing.entries import Body, ClosingBody, GunBody, RosterBody, new_entry, reads_entry
from timing.errors import RulingRefused
from timing.instants import MINUTE, SECOND
from timing.journal import NewEntry
from timing.reads import ChipRead, Tag
from timing.roster import Bib, Entrant, Roster
from timing.rulings import (
    Act,
    AssignTag,
    Clear,
    CorrectClock,
    Declare,
    Disqualify,
    FinishOrder,
    MoveToWave,
    OutOfUse,
    Question,
    ReadSelector,
    RecallStart,
    Reinstate,
    Role,
    SetAside,
    SetCategory,
    SetGun,
    SetTime,
    Span,
    SwapTags,
    UseAgain,
    Withdraw,
)

PLAN = load_race("marseille_cassis_2024")
BIBS = ("1", "2", "3", "2501", "2502", "17501")
MATS = (("start-main", None), ("gineste", "01"), ("gineste", "02"), ("finish-main", None), ("finish-backup", None))
AROUND = {"start-main": at("9:00:30"), "gineste": at("9:50:00"), "finish-main": at("10:40:00")}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass(frozen=True)
class Day:
    """What came in from each source, and what was decided, in order."""

    reads: tuple[tuple[str, ChipRead], ...]
    decided: tuple[Body, ...]


def _entrants() -> tuple[Entrant, ...]:
    with_two = [runner(bib, f"T{bib}", f"S{bib}") if bib in ("1", "2501") else runner(bib) for bib in BIBS]
    return (*with_two, runner("V1", "CAR", role="vehicle"))


TAGS = (*sorted(tag for entrant in _entrants() for tag in entrant.tags), "STRANGER")


@st.composite
def reads(draw: st.DrawFn) -> tuple[str, ChipRead]:
    source, label = draw(st.sampled_from(MATS))
    base = AROUND.get(source, AROUND["finish-main"])
    # On a coarse grid, so that equal moments, neighbours and gaps at the limits all occur.
    moment = base + draw(st.integers(-90, 600)) * SECOND + draw(st.integers(0, 3)) * SECOND // 4
    rssi = draw(st.sampled_from([None, -70.0, -55.0]))
    arrived = moment + draw(st.sampled_from([1, 40, 900])) * SECOND
    tag = draw(st.sampled_from(TAGS))
    return source, ChipRead(tag=Tag(tag), stamp_us=moment, received_us=arrived, label=label, rssi=rssi)


BIB = st.sampled_from([Bib(bib) for bib in BIBS])
TAG = st.sampled_from([Tag(tag) for tag in TAGS])
INSTANT = st.integers(0, 120).map(lambda minutes: at("9:00:00") + minutes * MINUTE)
SPAN = st.builds(Span, begin_us=st.none() | INSTANT, end_us=st.none() | INSTANT)
MAT = st.sampled_from([mat.id for mat in PLAN.race.course.mats])
WAVE = st.sampled_from(["1", "2", "8"])
SOME = st.lists(BIB, min_size=1, max_size=3, unique=True).map(tuple)
SELECTED = st.builds(ReadSelector, bibs=SOME, mat=st.none() | MAT, span=SPAN)
ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(SetGun, wave=WAVE, instant_us=INSTANT),
    st.builds(RecallStart, wave=WAVE, at_us=INSTANT),
    st.builds(CorrectClock, source=st.just("finish-main"), anchors=st.just(((0, -37_200_000),))),
    st.builds(
        CorrectClock, source=st.sampled_from(["gineste", "start-main"]), anchors=st.just(((0, 1_000),)), stamps=SPAN
    ),
    st.builds(SetTime, bib=BIB, point=st.sampled_from(["START", "GINESTE", "FINISH"]), instant_us=st.none() | INSTANT),
    st.builds(SetAside, reads=SELECTED),
    st.builds(SetAside, reads=st.builds(ReadSelector, tags=TAG.map(lambda tag: (tag,)))),
    st.builds(UseAgain, reads=SELECTED),
    st.builds(AssignTag, tag=TAG, bib=st.none() | BIB, span=SPAN),
    st.builds(SwapTags, bibs=st.lists(BIB, min_size=2, max_size=2, unique=True).map(tuple), span=SPAN),
    st.builds(MoveToWave, bibs=SOME, wave=WAVE),
    st.builds(Declare, bibs=SOME, status=st.sampled_from(["DNS", "DNF", "NC", "HD", ""]), at_us=INSTANT),
    st.builds(Disqualify, bibs=SOME, rule=st.just("TR 6")),
    st.builds(Reinstate, bibs=SOME, rule=st.just("TR 8")),
    st.builds(OutOfUse, mat=MAT, span=SPAN),
    st.builds(SetCategory, bibs=SOME, category=st.sampled_from(["HANDIF", "M2F"])),
    st.builds(Clear, bibs=SOME, question=st.sampled_from(list(Question))),
)


def _ruling(act: Act) -> Body:
    from timing.entries import RulingBody

    return RulingBody(act=act, author="Anne", role=Role.JURY)


DECIDED = st.lists(
    st.one_of(
        ACTS.map(_ruling),
        st.builds(ClosingBody, point=st.sampled_from(["start", "finish"]), at_us=INSTANT, author=st.just("Anne")),
        st.builds(GunBody, wave=WAVE, instant_us=INSTANT, origin=st.just("hand")),
    ),
    max_size=5,
).map(tuple)
DAYS = st.builds(Day, reads=st.lists(reads(), min_size=5, max_size=60).map(tuple), decided=DECIDED)


def _grouped(draw: st.DrawFn, day: Day) -> list[NewEntry]:
    """The reads of a day in batches of one source: shuffled, some of them twice, grouped as it comes."""
    order = list(draw(st.permutations(day.reads)))
    order += draw(st.lists(st.sampled_from(day.reads), max_size=10))
    entries, begin = [], 0
    while begin < len(order):
        size = draw(st.integers(1, 12))
        part = order[begin : begin + size]
        for source in dict.fromkeys(source for source, _ in part):
            of_source = [read for each, read in part if each == source]
            entries.append(reads_entry(batch(source, of_source), 0))
        begin += size
    return entries


def _interleaved(draw: st.DrawFn, day: Day) -> list[NewEntry]:
    """The batches of a day with its decisions among them, the decisions in their order."""
    entries = _grouped(draw, day)
    places = sorted(draw(st.lists(st.integers(0, len(entries)), min_size=len(day.decided), max_size=len(day.decided))))
    for place, body in reversed(list(zip(places, day.decided, strict=True))):
        entries.insert(place, new_entry(body, 0))
    return entries


@st.composite
def two_ways(draw: st.DrawFn) -> tuple[list[NewEntry], list[NewEntry]]:
    day = draw(DAYS)
    return _interleaved(draw, day), _interleaved(draw, day)


@st.composite
def one_way(draw: st.DrawFn) -> list[NewEntry]:
    return _interleaved(draw, draw(DAYS))


def _book(entries: list[NewEntry]) -> Book:
    book = Book(PLAN, _entrants())
    for entry in entries:
        book.add_entry(entry)
    return book


@FEW
@given(two_ways())
def test_any_order_of_arrival_any_repetition_and_any_grouping_give_the_same_bytes(
    ways: tuple[list[NewEntry], list[NewEntry]],
) -> None:
    first, second = (_book(way) for way in ways)
    # Rulings carry the numbers of entries only in withdrawals, and there are none here.
    assert first.bytes() == second.bytes()
    assert first.picture().read_counts == second.picture().read_counts


@FEW
@given(one_way())
def test_live_at_every_tick_equals_batch_over_the_same_journal(entries: list[NewEntry]) -> None:
    book = Book(PLAN, _entrants())
    for entry in entries:
        book.add_entry(entry)
        at_once = book.again()
        assert book.bytes() == at_once.bytes()
        assert book.picture().read_counts == at_once.picture().read_counts
        assert sum(book.picture().read_counts.values()) == len(book.state.reads())


@FEW
@given(one_way(), ACTS | st.builds(FinishOrder, order=st.just(((Bib("2"),), (Bib("1"),)))))
def test_withdrawing_any_ruling_restores_the_former_bytes(entries: list[NewEntry], act: Act) -> None:
    book = _book(entries)
    before, counts = book.bytes(), book.picture().read_counts
    try:
        number = book.rule(act, role=Role.JURY)
    except RulingRefused:
        return
    book.rule(Withdraw(number=number), role=Role.JURY)
    assert book.bytes() == before
    assert book.picture().read_counts == counts


@FEW
@given(one_way(), ACTS)
def test_a_preview_is_what_the_ruling_then_gives(entries: list[NewEntry], act: Act) -> None:
    from race_book import printed

    book = _book(entries)
    book.picture()
    foreseen = printed(book.plan, book.derived.preview([act]))
    try:
        book.rule(act, role=Role.JURY)
    except RulingRefused:
        return
    assert foreseen == book.bytes()


def test_a_roster_taken_back_restores_the_former_bytes() -> None:
    book = Book(PLAN, _entrants()).cross("T1", "9:00:05", "9:50:00", "10:40:00")
    before = book.bytes()
    changed = tuple(entrant._replace(birth_year=1950, wave="8") for entrant in _entrants())
    number = book.add(RosterBody(roster=Roster(entrants=changed)))
    assert book.bytes() != before
    book.rule(Withdraw(number=number), role=Role.JURY)
    assert book.bytes() == before


@pytest.mark.parametrize("turn", [1, -1])
def test_copies_of_one_read_with_other_arrivals_and_signals_are_one_read_in_any_order(turn: int) -> None:
    plan: RacePlan = PLAN
    moment = at("10:40:00")
    read = ChipRead(tag=Tag("T1"), stamp_us=moment, received_us=moment + SECOND, rssi=-60.0)
    copies = [read, replace(read, received_us=moment + 900 * SECOND), replace(read, rssi=-50.0)][::turn]
    book = Book(plan, _entrants())
    for copy in copies:
        book.reads("finish-main", copy)
    assert len(book.state.reads()) == 1
    assert float(book.state.reads().rssi[0]) == -50.0
