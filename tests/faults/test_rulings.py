"""Rulings: on appeal, two officials at once, and every act taken back. F56 and F57 of docs/faults.md."""

from __future__ import annotations

import pytest
from race_book import Book, runner
from small_race import at

from calanque.ruling_desk import RulingDesk
from config.plan import RacePlan
from timing.entries import GunBody, PostingBody
from timing.errors import RulingRefused
from timing.instants import MINUTE
from timing.reads import SourceId, Tag
from timing.roster import Bib
from timing.ruling_entries import act_fields
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
from timing.times import Flag, Status

ONE, TWO = Bib("1"), Bib("2")


@pytest.fixture
def book(plan: RacePlan) -> Book:
    book = Book(plan, [runner("1"), runner("2"), runner("2501")])
    book.add(GunBody(wave="1", instant_us=at("9:00:00.5"), origin="hand", author="Anne"))
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00").cross("T2", "9:00:06", "9:44:00", "10:30:00.3")
    return book.cross("T2501", "9:04:06", "9:50:00", "10:36:00").close()


def test_f56_a_disqualification_and_the_reinstatement_on_appeal_lead_back_to_the_same_bytes(book: Book) -> None:
    before = book.bytes()
    book.rule(Disqualify(bibs=(ONE,), rule="TR 6.3"), role=Role.JURY)
    assert book.of("1").status is Status.DSQ
    assert book.of("1").net_time_us == at("10:30:00") - at("9:00:05"), "times are kept"
    assert book.places("scratch") == ["2", "2501"]
    assert book.bytes() != before
    book.rule(Reinstate(bibs=(ONE,), rule="TR 8.7"), role=Role.JURY)
    assert book.bytes() == before
    acts = [(r.body.author, type(r.body.act).__name__) for r in book.state.rulings]
    assert acts == [("Anne", "Disqualify"), ("Anne", "Reinstate")], "the audit keeps both"


def test_f56_only_the_jury_disqualifies(book: Book) -> None:
    for act in (Disqualify(bibs=(ONE,), rule="TR 6"), FinishOrder(order=((TWO,), (ONE,)))):
        with pytest.raises(RulingRefused, match="jury"):
            book.rule(act, role=Role.REFEREE)
    assert not book.state.rulings


def test_f57_of_two_officials_who_act_at_once_the_second_is_told_that_the_ground_has_moved(book: Book) -> None:
    seen = book.entries[-1].number
    book.rule(SetTime(bib=ONE, point="FINISH", instant_us=at("10:31:00")), seen=seen, author="Anne")
    with pytest.raises(RulingRefused, match=r"ground has moved: entry 14, by Anne, decided on bib 1"):
        book.rule(SetTime(bib=ONE, point="FINISH", instant_us=at("10:32:00")), seen=seen, author="Marc")
    assert book.of("1").finish_us == at("10:31:00")
    book.rule(SetTime(bib=TWO, point="FINISH", instant_us=at("10:33:00")), seen=seen, author="Marc")
    book.rule(SetTime(bib=ONE, point="FINISH", instant_us=at("10:32:00")), author="Marc")
    assert book.of("1").finish_us == at("10:32:00"), "the order in the journal decides"


def test_f57_withdrawing_what_somebody_else_has_just_withdrawn_is_refused(book: Book) -> None:
    number = book.rule(MoveToWave(bibs=(ONE,), wave="2"))
    book.rule(Withdraw(number=number))
    with pytest.raises(RulingRefused, match="withdrawn already"):
        book.rule(Withdraw(number=number))


def test_f57_nobody_has_seen_what_is_not_in_the_journal_yet(book: Book) -> None:
    with pytest.raises(RulingRefused, match="ends at number 13, nobody has seen 99999"):
        book.rule(MoveToWave(bibs=(ONE,), wave="2"), seen=99_999)


def test_what_the_jury_signed_only_the_jury_takes_back(book: Book) -> None:
    number = book.rule(Disqualify(bibs=(ONE,), rule="TR 6"), role=Role.JURY)
    for role in (Role.CREW, Role.REFEREE):
        with pytest.raises(RulingRefused, match="only the jury takes it back"):
            book.rule(Withdraw(number=number), role=role)
    withdrawal = book.rule(Withdraw(number=number), role=Role.JURY)
    with pytest.raises(RulingRefused, match="only the jury"):
        book.rule(Withdraw(number=withdrawal), role=Role.CREW)


def test_what_the_referee_made_official_the_crew_does_not_take_back(book: Book) -> None:
    official = PostingBody(list_id="scratch", state="official", at_us=0, author="L. Roux", role=Role.REFEREE)
    number = book.add(official)
    with pytest.raises(RulingRefused, match="only referee or jury take it back"):
        book.rule(Withdraw(number=number), role=Role.CREW)
    book.rule(Withdraw(number=number), role=Role.REFEREE)


@pytest.mark.parametrize(
    "act",
    [
        SetTime(bib=ONE, point="FINISH", instant_us=at("7:00:00")),
        SetGun(wave="1", instant_us=at("10:31:00")),
        CorrectClock(source=SourceId("finish-main"), anchors=((0, -7_200_000_000),)),
    ],
    ids=["a finish before the start", "a gun after the finish", "a clock corrected by the wrong amount"],
)
def test_an_hour_that_puts_somebody_at_the_finish_before_the_start_is_refused(book: Book, act: Act) -> None:
    given = {"act": act_fields(act), "author": "Anne", "role": Role.CREW, "reason": "", "seen": None}
    book.picture()
    desk = RulingDesk(book.plan, book.state, book.derived)
    if isinstance(act, CorrectClock):
        # The finishes are too early to be any then: nobody has a time below zero, and the preview says who loses one.
        assert desk.taken(given, at("12:00:00"))[1]["runners_changed"] == 3
        return
    with pytest.raises(RulingRefused, match="below zero"):
        desk.taken(given, at("12:00:00"))


ACTS: list[tuple[Act, Role]] = [
    (SetGun(wave="1", instant_us=at("9:00:01.37")), Role.CREW),
    (RecallStart(wave="1", at_us=at("9:00:02")), Role.CREW),
    (SetTime(bib=ONE, point="FINISH", instant_us=at("10:29:00")), Role.CREW),
    (SetTime(bib=ONE, point="START", instant_us=None), Role.CREW),
    (SetAside(reads=ReadSelector(bibs=(ONE,), mat="FINISH-MAIN")), Role.CREW),
    (SetAside(reads=ReadSelector(tags=(Tag("T1"),))), Role.CREW),
    (AssignTag(tag=Tag("T1"), bib=TWO), Role.CREW),
    (AssignTag(tag=Tag("T1"), bib=None, span=Span(begin_us=at("10:00:00"))), Role.CREW),
    (SwapTags(bibs=(ONE, TWO)), Role.CREW),
    (MoveToWave(bibs=(ONE, TWO), wave="3"), Role.CREW),
    (Declare(bibs=(ONE,), status="DNF", at_us=at("10:00:00")), Role.REFEREE),
    (Declare(bibs=(ONE,), status="NC", at_us=at("10:00:00")), Role.REFEREE),
    (Disqualify(bibs=(ONE,), rule="TR 6"), Role.JURY),
    (OutOfUse(mat="FINISH-MAIN", span=Span(begin_us=at("10:00:00"))), Role.CREW),
    (SetCategory(bibs=(ONE,), category="HANDIF"), Role.CREW),
    (FinishOrder(order=((TWO,), (ONE,))), Role.JURY),
    (FinishOrder(order=((TWO, ONE),)), Role.JURY),
]


@pytest.mark.parametrize(("act", "role"), ACTS, ids=lambda value: type(value).__name__)
def test_every_act_changes_the_results_is_previewed_exactly_and_withdrawn_exactly(
    book: Book, act: Act, role: Role
) -> None:
    before = book.bytes()
    foreseen = book.derived.preview([act])
    assert book.bytes() == before, "a preview changes nothing"
    number = book.rule(act, role=role)
    ruled = book.bytes()
    assert ruled != before
    assert ruled == book.again().bytes()
    _same(book, foreseen)
    foreseen = book.derived.preview([Withdraw(number=number)])
    withdrawal = book.rule(Withdraw(number=number), role=role)
    assert book.bytes() == before
    _same(book, foreseen)
    book.rule(Withdraw(number=withdrawal), role=role)
    assert book.bytes() == ruled, "a withdrawal can be withdrawn"


def _same(book: Book, foreseen) -> None:  # type: ignore[no-untyped-def]
    from race_book import printed

    assert printed(book.plan, foreseen) == book.bytes()


def test_reads_set_aside_can_be_used_again_in_part(book: Book) -> None:
    book.rule(SetAside(reads=ReadSelector(bibs=(ONE,))))
    assert book.of("1").status is Status.DNS
    book.rule(UseAgain(reads=ReadSelector(bibs=(ONE,), mat="FINISH-MAIN")))
    one = book.of("1")
    assert one.finish_us == at("10:30:00")
    assert one.flags & Flag.FINISH_WITHOUT_START


def test_the_finish_order_of_the_jury_gives_places_and_invents_no_time(book: Book) -> None:
    one, two = book.of("1"), book.of("2")
    book.rule(FinishOrder(order=((TWO,), (ONE,))), role=Role.JURY)
    assert book.places("scratch") == ["2", "1", "2501"]
    assert (book.of("1").gun_time_us, book.of("2").gun_time_us) == (one.gun_time_us, two.gun_time_us)
    book.rule(FinishOrder(order=((ONE, TWO),)), role=Role.JURY)
    assert [book.of(bib).place for bib in ("1", "2", "2501")] == [1, 1, 3]


def test_bulk_rulings_take_a_wave_or_a_range_and_are_withdrawn_as_one(book: Book) -> None:
    before = book.bytes()
    number = book.rule(MoveToWave(bibs=(Bib("wave:1"),), wave="2"))
    assert [book.of(bib).gun_time_us for bib in ("1", "2")] == [86 * MINUTE, 86 * MINUTE + 300_000]
    book.rule(Withdraw(number=number))
    assert book.bytes() == before
    book.rule(Clear(bibs=(Bib("1-2500"),), question=Question.OTHER_WAVE))
    assert book.state.decisions.cleared == {(ONE, Question.OTHER_WAVE), (TWO, Question.OTHER_WAVE)}


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (SetTime(bib=Bib("77"), point="FINISH", instant_us=at("10:00:00")), "nobody is entered with bib 77"),
        (SetTime(bib=ONE, point="LINE", instant_us=at("10:00:00")), "START, GINESTE, FINISH"),
        (SetTime(bib=ONE, point="FINISH", instant_us=5), "outside the race window"),
        (SetGun(wave="9", instant_us=at("9:00:00")), "wave: '9'; there are: 1, 2"),
        (SetGun(wave="1"), "an instant or the number of a signal"),
        (SetGun(wave="1", signal=4), "entry 4 is no gun; signals: 2"),
        (OutOfUse(mat="COL", span=Span()), "START-MAIN"),
        (SetAside(reads=ReadSelector()), "say whose"),
        (Declare(bibs=(ONE,), status="LOST", at_us=at("10:00:00")), "DNS, DNF, NC, HD, empty"),
        (SwapTags(bibs=(ONE, ONE)), "cannot be swapped with itself"),
        (MoveToWave(bibs=(), wave="1"), "at least one"),
        (MoveToWave(bibs=(Bib("300-400"),), wave="1"), "nobody is entered with a bib from 300-400"),
        (Withdraw(number=3), "nothing that can be withdrawn"),
    ],
)
def test_a_ruling_about_what_is_not_there_is_refused_with_what_would_be_accepted(
    book: Book, act: Act, says: str
) -> None:
    with pytest.raises(RulingRefused, match=says):
        book.rule(act, role=Role.JURY)
    assert not book.state.rulings
