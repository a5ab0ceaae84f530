"""Hand times: whose a stamp is, whatever the order in which devices deliver; and what is asked because of them."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from questions_builder import asked, of_kind, one_of
from results_builder import GUN_US, Run, run, runner, seconds, small_plan, small_times

from results.asked import Asked, Kind
from results.hand_board import NEWEST_SHOWN, UNNAMED_SHOWN, hand_section
from results.hand_times import BibWord, HandStamp, HandTimes, hand_stamps
from timing.desk_entries import DeskBody, HandBibBody, HandStampBody, MatBody
from timing.instants import HOUR, MILLISECOND, SECOND
from timing.roster import Bib, Entrant, Roster
from timing.rulings import Clear, Question, SetTime
from timing.state import Recorded


def stamp(number: int, at_us: int, *, device: str = "K7QF", point: str = "FINISH", **more: object) -> HandStampBody:
    return HandStampBody(device=device, number=number, point=point, at_us=at_us, author="Eva", **more)  # type: ignore[arg-type]


def word(number: int, bib: str | None, at_us: int, author: str = "Luc", device: str = "K7QF") -> HandBibBody:
    return HandBibBody(device=device, number=number, bib=None if bib is None else Bib(bib), at_us=at_us, author=author)


def recorded(*bodies: DeskBody) -> list[Recorded[DeskBody]]:
    return [Recorded(number=n, at_us=0, body=body) for n, body in enumerate(bodies, 1)]


def told(*bodies: DeskBody) -> tuple[HandStamp, ...]:
    return hand_stamps(recorded(*bodies))


def without_entries(stamps: Sequence[HandStamp]) -> list[HandStamp]:
    return [replace(each, entry=0) for each in stamps]


bodies = st.lists(
    st.one_of(
        # What a device presses under one number never changes.
        st.builds(lambda n, d: stamp(n, 1_000 * n, device=d), st.integers(1, 4), st.sampled_from("AB")),
        st.builds(
            word,
            st.integers(1, 4),
            st.sampled_from(["7", "8", None]),
            st.integers(0, 3),
            st.sampled_from(["Eva", "Luc"]),
            st.sampled_from("AB"),
        ),
    ),
    max_size=16,
)


@given(bodies, st.randoms(use_true_random=False), st.integers(0, 15))
def test_neither_the_order_of_delivery_nor_its_repetition_changes_whose_a_stamp_is(
    said: list[HandStampBody | HandBibBody], random: object, again: int
) -> None:
    shuffled = [*said, *said[:again]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert without_entries(told(*said)) == without_entries(told(*shuffled))


@given(bodies, st.integers(0, 16))
def test_what_is_kept_up_entry_by_entry_is_what_follows_from_all_at_once(
    said: list[HandStampBody | HandBibBody], cut: int
) -> None:
    kept, desk = HandTimes(), recorded(*said)
    kept.catch_up(desk[:cut])
    assert kept.stamps == hand_stamps(desk[:cut])
    kept.catch_up(desk)
    assert kept.stamps == hand_stamps(desk)


def test_the_last_word_counts_and_what_others_said_is_kept_with_their_names() -> None:
    (one,) = told(stamp(1, 50), word(1, "6204", 70, "Eva"), word(1, "6240", 60, "Luc"))
    assert one.bib == "6204"
    assert one.words[-1].author == "Eva"
    assert one.other_bibs == (BibWord(at_us=60, author="Luc", bib="6240"),)


def test_a_bib_may_come_before_its_stamp_and_nothing_else_at_a_desk_matters() -> None:
    lifted = MatBody(mat="FINISH-MAIN", laid=False, at_us=1, author="Eva")
    (one,) = told(word(1, "12", 60), lifted, stamp(1, 50))
    assert (one.bib, one.entry) == ("12", 3)


def test_a_stamp_that_is_nobodys_is_neither_named_nor_waiting() -> None:
    unnamed, undone = told(stamp(1, 50), stamp(2, 60), word(2, "9", 61), word(2, None, 70))
    assert (unnamed.bib, unnamed.is_nobodys) == (None, False)
    assert (undone.bib, undone.is_nobodys) == (None, True)


# ---- the page's section ----

FIELD: tuple[list[Entrant], dict[str, Run]] = (
    [runner(1, "F"), runner(2, "M")],
    {"1": run(10.0, 4200.0, 2000.0), "2": run(12.0, None)},
)


def section(*said: DeskBody) -> dict[str, object]:
    plan, roster = small_plan(), Roster(entrants=tuple(FIELD[0]))
    return hand_section(told(*said), plan.race.course, roster, small_times(plan, roster, FIELD[1]))


def test_a_line_says_by_how_much_the_stamp_is_after_the_chip() -> None:
    finish_us = GUN_US + seconds(4200.0)
    shown = section(
        stamp(1, finish_us + 120 * MILLISECOND), word(1, "1", 1), stamp(2, finish_us + SECOND), word(2, "2", 1)
    )
    second, first = shown["rows"]  # type: ignore[misc]
    assert (first["chip_us"], first["known"], second["chip_us"], second["known"]) == (120_000, True, None, True)


def test_what_nobody_has_named_stays_on_the_page_and_the_page_is_bounded() -> None:
    many = [stamp(n, n) for n in range(1, 1001)]
    named = [word(n, "1", 0) for n in range(11, 1001)]
    shown = section(*many, *named)
    assert (shown["total"], shown["unnamed"]) == (1000, 10)
    assert [row["number"] for row in shown["rows"][-10:]] == list(range(10, 0, -1))  # type: ignore[index]
    assert len(shown["rows"]) == NEWEST_SHOWN + 10  # type: ignore[arg-type]
    assert len(section(*many)["rows"]) == UNNAMED_SHOWN  # type: ignore[arg-type]


# ---- questions ----


def by_hand(*said: DeskBody, **more: object) -> Asked:
    """Bib 105 started and was read nowhere later; the others were read everywhere."""
    entrants = [runner(100 + k, "M") for k in range(10)]
    runs = {str(100 + k): run(10.0 + k / 4, 4200.0 + 7 * k, 2000.0 + 3 * k) for k in range(10)}
    runs["105"] = run(11.0, None)
    return asked(entrants, runs, hand=told(*said), **more)  # type: ignore[arg-type]


def test_a_bib_stamped_where_no_mat_read_it_is_asked_about_with_the_best_stamp_as_the_hour() -> None:
    at_us = GUN_US + HOUR
    rough, fine = stamp(1, at_us, device="A", error_us=80_000), stamp(1, at_us + 300_000, device="B", error_us=9_000)
    found = by_hand(rough, fine, word(1, "105", 1, device="A"), word(1, "105", 1, device="B"))
    question = one_of(found, Kind.SEEN_NOT_READ)
    assert question.proposals[0] == SetTime(bib=Bib("105"), point="FINISH", instant_us=at_us + 300_000)
    assert question.proposals[-1] == Clear(bibs=(Bib("105"),), question=Question.SIGHTING)
    assert [each["stamp"] for each in question.evidence["seen"]] == ["A 1", "B 1"]
    assert found.times.finish_us[5] < 0, "evidence gives nobody a time"


def test_a_stamp_that_kept_the_order_only_proposes_no_time() -> None:
    question = one_of(by_hand(stamp(1, GUN_US + HOUR, order_only=True), word(1, "105", 1)), Kind.SEEN_NOT_READ)
    assert not [act for act in question.proposals if isinstance(act, SetTime)]


def test_a_ruled_time_answers_a_stamp() -> None:
    ruled = SetTime(bib=Bib("105"), point="FINISH", instant_us=GUN_US + HOUR)
    assert not of_kind(by_hand(stamp(1, GUN_US + HOUR), word(1, "105", 1), acts=(ruled,)), Kind.SEEN_NOT_READ)


def test_stamps_without_a_bib_or_of_nobody_or_that_agree_with_the_chip_ask_nothing() -> None:
    near_us = GUN_US + seconds(4200.0) + SECOND
    silent = [
        stamp(1, GUN_US),
        stamp(2, GUN_US + HOUR),
        word(2, "105", 1),
        word(2, None, 2),
        stamp(3, near_us),
        word(3, "100", 1),
    ]
    assert by_hand().hand == ()
    kinds = (Kind.SEEN_NOT_READ, Kind.SEEN_AT_OTHER_TIME, Kind.SEEN_TWICE, Kind.SEEN_WITHOUT_BIB)
    assert [of_kind(by_hand(*silent), kind) for kind in kinds] == [[], [], [], []]


def test_far_from_the_chip_is_asked_about_unless_the_device_s_clock_may_have_been_as_far() -> None:
    far_us = GUN_US + seconds(4200.0) + 20 * SECOND
    question = one_of(by_hand(stamp(1, far_us, error_us=0), word(1, "100", 1)), Kind.SEEN_AT_OTHER_TIME)
    assert question.evidence["apart_us"] == 20 * SECOND
    unsure = by_hand(stamp(1, far_us, error_us=15 * SECOND), word(1, "100", 1))
    assert not of_kind(unsure, Kind.SEEN_AT_OTHER_TIME)


def test_a_bib_that_nobody_has_is_evidence_too() -> None:
    question = one_of(by_hand(stamp(1, GUN_US + HOUR), word(1, "9999", 1)), Kind.SEEN_NOT_READ)
    assert question.evidence["unknown_bib"]
