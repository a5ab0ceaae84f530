"""Clocks of readers that are wrong: what each shows at a true instant, and the correction that undoes it.

A fault is pieces of time, each with an offset and perhaps a drift; every way a clock goes wrong on a race day is one of
those. Knows no reads: it maps instants to stamps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from simulators.chance import stream
from timing.instants import HOUR, SECOND, Duration, Instant
from timing.reads import ClockKind, Int64, SourceId
from timing.rulings import CorrectClock, Span

DEFAULT_EPOCH_US: Final = 946_684_800 * SECOND
"""2000-01-01 00:00: where many readers begin after a loss of power."""

_SINCE_EVER: Final = -(2**62)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPiece:
    """From a true instant on (None: since ever) the clock shows `offset_us` more than is true.

    `ppm` microseconds more for each second since `begin_us`; a piece that drifts must say when it begins.
    """

    begin_us: Instant | None = None
    offset_us: Duration = 0
    ppm: int = 0

    def __post_init__(self) -> None:
        if self.ppm and self.begin_us is None:
            raise ValueError("a clock that drifts must say since when: give begin_us")

    def shows(self, true_us: Int64) -> Int64:
        """The clock at these instants, to the microsecond."""
        shown = true_us + self.offset_us
        if self.ppm and self.begin_us is not None:
            shown = shown + (true_us - self.begin_us) * self.ppm // 1_000_000
        return shown

    def shows_at(self, true_us: Instant) -> Instant:
        return int(self.shows(np.array([true_us], np.int64))[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFault:
    """What is wrong with the clock of one source: pieces in ascending order, the first since ever or since its begin.

    Before the first piece the clock is right. `kind`: what the clock keeps, where that is not what the race file says.
    """

    source: SourceId
    pieces: tuple[ClockPiece, ...]
    kind: ClockKind | None = None

    def begins(self) -> list[Instant]:
        return [_SINCE_EVER if piece.begin_us is None else piece.begin_us for piece in self.pieces]

    def piece_of(self, true_us: Int64) -> Int64:
        """Which piece each instant falls in; -1 before the first."""
        return np.searchsorted(np.array(self.begins(), np.int64), true_us, side="right") - 1

    def stamps(self, true_us: Int64, grid_us: Duration) -> Int64:
        """What the clock shows at these instants, on the grid of its stamps."""
        shown = true_us.copy()
        which = self.piece_of(true_us)
        for number, piece in enumerate(self.pieces):
            rows = which == number
            shown[rows] = piece.shows(true_us[rows]) // grid_us * grid_us
        return shown


def constant(source: SourceId, offset_us: Duration) -> ClockFault:
    """Late (negative) or early all day: set by hand, or a whole hour off."""
    return ClockFault(source=source, pieces=(ClockPiece(offset_us=offset_us),))


def whole_hours(source: SourceId, hours: int) -> ClockFault:
    """In another zone, or on the time of the other half of the year."""
    return constant(source, hours * HOUR)


def set_by_hand(source: SourceId, seed: int) -> ClockFault:
    """Set from somebody's watch: up to five seconds off, on hundredths."""
    hundredths = int(stream(seed, f"set by hand {source}").integers(-500, 501))
    return constant(source, hundredths * SECOND // 100)


def drifting(source: SourceId, since_us: Instant, ppm: int, offset_us: Duration = 0) -> ClockFault:
    """Right (but for an offset) at an instant, and gaining `ppm` from then on."""
    return ClockFault(source=source, pieces=(ClockPiece(begin_us=since_us, offset_us=offset_us, ppm=ppm),))


def stepped(source: SourceId, at_us: Instant, by_us: Duration) -> ClockFault:
    """Right until an instant, then off by a step, as by network time from a wrong server."""
    return ClockFault(source=source, pieces=(ClockPiece(begin_us=at_us, offset_us=by_us),))


def rebooted(source: SourceId, at_us: Instant, epoch_us: Instant = DEFAULT_EPOCH_US) -> ClockFault:
    """Without power for a moment: from then on it counts from its default epoch."""
    return ClockFault(source=source, pieces=(ClockPiece(begin_us=at_us, offset_us=epoch_us - at_us),))


def elapsed(source: SourceId, zero_us: Instant) -> ClockFault:
    """A clock without date or hour, that shows how long ago it was switched on."""
    return ClockFault(source=source, pieces=(ClockPiece(offset_us=-zero_us),), kind=ClockKind.ELAPSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What undoes a fault: an act for each piece that needs one, in ascending order (None: it needs none)."""

    fault: ClockFault
    acts: tuple[CorrectClock | None, ...]

    def instants(self, shown_us: Int64, piece: Int64) -> Int64:
        """The instants that the acts give for stamps of these pieces."""
        right = shown_us.copy()
        for number, act in enumerate(self.acts):
            rows = piece == number
            if act is not None:
                right[rows] = shown_us[rows] + _added(act, shown_us[rows])
        return right


def _added(act: CorrectClock, shown_us: Int64) -> Int64:
    (first, add), *more = act.anchors
    if not more:
        return np.full(len(shown_us), add, np.int64)
    last, last_add = more[0]
    return add + (shown_us - first) * (last_add - add) // (last - first)


def repair_of(fault: ClockFault, first_us: Instant, last_us: Instant, grid_us: Duration) -> Repair:
    """The corrections of a clock for a race between two instants, each for stamps or arrivals of its own piece alone.

    Pieces are told apart by their stamps where those do not overlap, else by when the reads arrived.
    """
    ends = [*fault.begins()[1:], last_us]
    spans = []
    for piece, end in zip(fault.pieces, ends, strict=True):
        begin = first_us if piece.begin_us is None else piece.begin_us
        spans.append((begin, max(begin, end)))
    shown = [
        (piece.shows_at(begin) // grid_us * grid_us, piece.shows_at(end))
        for piece, (begin, end) in zip(fault.pieces, spans, strict=True)
    ]
    right_before = [] if fault.pieces[0].begin_us is None else [(first_us, spans[0][0])]
    apart = _are_apart([*right_before, *shown])
    highest = max(begin for begin, _ in (*right_before, *shown))
    acts = [
        _act(fault, number, spans[number], _span(*shown[number], highest) if apart else None)
        for number in range(len(fault.pieces))
    ]
    return Repair(fault=fault, acts=tuple(acts))


def _are_apart(ranges: Sequence[tuple[Instant, Instant]]) -> bool:
    return all(end <= begin for (_, end), (begin, _) in pairwise(sorted(ranges)))


def _span(begin_us: Instant, end_us: Instant, highest_us: Instant) -> Span:
    """A piece's stamps; those of the piece that shows the latest times go on for ever."""
    return Span(begin_us=begin_us, end_us=None if begin_us == highest_us else end_us)


def _act(
    fault: ClockFault, number: int, true_span: tuple[Instant, Instant], stamps: Span | None
) -> CorrectClock | None:
    """The correction of a piece, told from the others by `stamps` or else by arrivals; None where it needs none."""
    piece = fault.pieces[number]
    if not piece.offset_us and not piece.ppm:
        return None
    moments = true_span if piece.ppm else true_span[:1]
    anchors = tuple((piece.shows_at(moment), moment - piece.shows_at(moment)) for moment in moments)
    if len(fault.pieces) == 1 and piece.begin_us is None:
        return CorrectClock(source=fault.source, anchors=anchors)
    if stamps is not None:
        return CorrectClock(source=fault.source, anchors=anchors, stamps=stamps)
    is_last = number == len(fault.pieces) - 1
    received = Span(begin_us=piece.begin_us, end_us=None if is_last else true_span[1])
    return CorrectClock(source=fault.source, anchors=anchors, received=received)
