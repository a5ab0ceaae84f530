"""Rulings: what a named person decided about a race, as plain values.

Owns the kinds of acts, whom each concerns and who may sign it. How they are kept is for `ruling_entries`, which are in
force for `decisions`, what follows for `field` and `matching`. An act never holds a result: only what was decided.
"""

import enum
from dataclasses import dataclass
from typing import Final, TypeAlias

from timing.clock_corrections import ALWAYS as ALWAYS
from timing.clock_corrections import CorrectClock as CorrectClock
from timing.clock_corrections import Span as Span
from timing.instants import Instant
from timing.reads import Tag
from timing.roster import Bib


class Role(enum.StrEnum):
    """In what capacity somebody signs."""

    CREW = "crew"
    REFEREE = "referee"
    JURY = "jury"


class Question(enum.StrEnum):
    """What somebody has looked into and found in order; the word of the flag it answers, where it answers one."""

    BEFORE_OWN_GUN = "before_own_gun"
    OTHER_WAVE = "other_wave"
    CHECK_BY_EYE = "check_by_eye"
    IMPOSSIBLE_PACE = "impossible_pace"
    MISSED_SPLIT = "missed_split"
    FINISH_WITHOUT_START = "finish_without_start"
    FINISH_AFTER_ABANDON = "finish_after_abandon"
    OUT_OF_ORDER = "out_of_order"
    PARKED = "parked"
    TWO_TAGS_APART = "two_tags_apart"
    TRAVELS_TOGETHER = "travels_together"
    CLOSE_FINISH = "close_finish"
    TAG_ON_TWO = "tag_on_two"
    DECLARED_BUT_SEEN = "declared_but_seen"
    ODD_LEG = "odd_leg"
    SIGHTING = "sighting"
    OFFICIAL_DIFFERENCE = "official_difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSelector:
    """Some reads: those that fit all that is said. At least one of bibs, tags and mat is."""

    bibs: tuple[Bib, ...] = ()
    tags: tuple[Tag, ...] = ()
    mat: str | None = None
    antenna: int | None = None
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGun:
    """The gun of a wave: an instant, or the signal with this number in the journal."""

    wave: str
    instant_us: Instant | None = None
    signal: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallStart:
    """The start of a wave was recalled: its signals up to this instant do not count."""

    wave: str
    at_us: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTime:
    """When a runner crossed a point, as a person says; None: they did not, whatever the mats saw."""

    bib: Bib
    point: str
    instant_us: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """These reads count for nobody."""

    reads: ReadSelector


@dataclass(frozen=True, slots=True, kw_only=True)
class UseAgain:
    """These reads count again, although an earlier act set them aside."""

    reads: ReadSelector


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTag:
    """Who wore a tag in a span; None: nobody of the race."""

    tag: Tag
    bib: Bib | None
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapTags:
    """Each of two runners wore what the roster gives to the other. Ordered twice it is the same as once."""

    bibs: tuple[Bib, Bib]
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveToWave:
    bibs: tuple[Bib, ...]
    wave: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declare:
    """DNS, DNF, NC or HD, as of an instant: reads after a DNF are held. Empty: neither this nor the roster's word."""

    bibs: tuple[Bib, ...]
    status: str
    at_us: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Disqualify:
    """By the jury, with the number of the rule."""

    bibs: tuple[Bib, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstate:
    """By the jury, with the number of the rule: as if never disqualified."""

    bibs: tuple[Bib, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfUse:
    """A mat, or one of its antennas, was lifted, covered or wrong: its reads in the span are set aside."""

    mat: str
    span: Span
    antenna: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCategory:
    """The category of somebody, whole (`M2F`), in place of that of the roster or the birth year."""

    bibs: tuple[Bib, ...]
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """A question about somebody was looked into: it stands as it is."""

    bibs: tuple[Bib, ...]
    question: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishOrder:
    """Who came over the line before whom, best first; several in one place finished together. Invents no time."""

    order: tuple[tuple[Bib, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """The act with this number is taken back: as if it had never been given.

    An act is a ruling, a closing, a gun by hand, a roster version, a sighting or a posting.
    """

    number: int


Act: TypeAlias = (
    SetGun
    | RecallStart
    | CorrectClock
    | SetTime
    | SetAside
    | UseAgain
    | AssignTag
    | SwapTags
    | MoveToWave
    | Declare
    | Disqualify
    | Reinstate
    | OutOfUse
    | SetCategory
    | Clear
    | FinishOrder
    | Withdraw
)

JURY_ONLY: Final = (Disqualify, Reinstate, FinishOrder)
"""Acts that only the jury signs."""


def bibs_of(act: Act) -> tuple[Bib, ...]:
    """The runners an act names; empty where it is about a wave, a clock, a mat or another act."""
    match act:
        case SetTime(bib=bib):
            return (bib,)
        case SetAside(reads=reads) | UseAgain(reads=reads):
            return reads.bibs
        case AssignTag(bib=bib):
            return () if bib is None else (bib,)
        case FinishOrder(order=order):
            return tuple(bib for together in order for bib in together)
        case SwapTags() | MoveToWave() | Declare() | Disqualify() | Reinstate() | SetCategory() | Clear():
            return tuple(act.bibs)
        case _:
            return ()


def subjects_of(act: Act) -> frozenset[str]:
    """What an act is about, in words that are equal where two acts touch the same thing: `bib 45`, `wave 3`."""
    about = {f"bib {bib}" for bib in bibs_of(act)}
    match act:
        case SetGun(wave=wave) | RecallStart(wave=wave):
            about.add(f"wave {wave}")
        case CorrectClock(source=source):
            about.add(f"clock {source}")
        case SetAside(reads=reads) | UseAgain(reads=reads):
            about |= {f"tag {tag}" for tag in reads.tags}
            if reads.mat is not None and not reads.bibs and not reads.tags:
                about.add(f"mat {reads.mat}")
        case AssignTag(tag=tag):
            about.add(f"tag {tag}")
        case OutOfUse(mat=mat):
            about.add(f"mat {mat}")
        case Withdraw(number=number):
            about.add(f"act {number}")
        case _:
            pass
    return frozenset(about)
