"""What rulings about reads and tags leave for the questions that matching asks."""

from collections.abc import Sequence

import numpy as np
from small_race import at, make_race

from timing.decision_fold import decisions_of
from timing.field import Field
from timing.guns import guns_in_force
from timing.matching import Matched, match
from timing.passings import arrange
from timing.reads import Names, ReadClass, Reads, Tag
from timing.roster import Bib, Entrant, Roster
from timing.ruled_field import ruled_field
from timing.rulings import Act, AssignTag, Declare, OutOfUse, Span
from timing.times import Closings, Flag

RACE = make_race()
ROSTER = Roster(entrants=(Entrant(bib=Bib("100"), tags=(Tag("A"),)),))
MATS = {mat.id: number for number, mat in enumerate(RACE.course.mats)}
Seen = tuple[str, str, str]
"""Tag, mat, and when by the clock on the wall."""


def timed(seen: Sequence[Seen], *acts: Act) -> Matched:
    tags = Names()
    base = Field.of(ROSTER, RACE, tags)
    decisions = decisions_of(acts)
    field = ruled_field(base, decisions, ROSTER, RACE, tags)
    reads = Reads.of_moments(
        tag=[tags.code(tag) for tag, _, _ in seen],
        mat=[MATS[mat] for _, mat, _ in seen],
        moment_us=[at(clock) for _, _, clock in seen],
    )
    arranged = arrange(reads)
    matched = match(arranged.reads, field, RACE, guns_in_force(RACE, (), decisions), Closings())
    assert arranged.rows is not None
    classes = np.empty(len(reads), np.uint8)
    classes[arranged.rows] = matched.classes
    return Matched(times=matched.times, classes=classes)


GAVE_UP = Declare(bibs=(Bib("100"),), status="DNF", at_us=at("10:00:00"))
TO_THE_FINISH: list[Seen] = [("A", "START-main", "9:00:10"), ("A", "FINISH-main", "10:30:00")]


def test_who_is_read_at_the_finish_after_giving_up_is_asked_about() -> None:
    matched = timed(TO_THE_FINISH, GAVE_UP)
    assert Flag(int(matched.times.flags[0])) & Flag.FINISH_AFTER_ABANDON
    assert matched.classes.tolist() == [ReadClass.USED, ReadClass.SET_ASIDE]


def test_reads_of_a_mat_that_was_out_of_use_raise_no_question_about_giving_up() -> None:
    lifted = OutOfUse(mat="FINISH-main", span=Span(begin_us=at("10:29:00"), end_us=at("10:31:00")))
    matched = timed(TO_THE_FINISH, GAVE_UP, lifted)
    assert not Flag(int(matched.times.flags[0])) & Flag.FINISH_AFTER_ABANDON
    assert matched.classes.tolist() == [ReadClass.USED, ReadClass.SET_ASIDE]


def test_a_spare_chip_given_by_ruling_makes_two_tags_that_can_be_apart() -> None:
    seen: list[Seen] = [
        ("A", "START-main", "9:00:10"), ("A", "GINESTE-main", "9:50:00"), ("A", "FINISH-main", "10:30:00"),
        ("S", "GINESTE-main", "9:55:00"), ("S", "FINISH-main", "10:40:00"),
    ]  # fmt: skip
    given = AssignTag(tag=Tag("S"), bib=Bib("100"))
    assert not Flag(int(timed(seen).times.flags[0])) & Flag.TWO_TAGS_APART
    assert Flag(int(timed(seen, given).times.flags[0])) & Flag.TWO_TAGS_APART
    for_a_part = AssignTag(tag=Tag("S"), bib=Bib("100"), span=Span(begin_us=at("9:30:00")))
    assert Flag(int(timed(seen, for_a_part).times.flags[0])) & Flag.TWO_TAGS_APART
