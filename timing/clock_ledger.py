"""The clock ledger: which corrections of clocks are in force, what is held by evidence, and the instants that follow.

A correction never stacks: of those that cover a read the last holds, and it counts from what the stamp says. Knows
nothing of how evidence is found (`clock_findings`) or of entries.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from timing.clock_corrections import ALWAYS, DRIFT_PPM_MAX, CorrectClock, Span
from timing.clocks import FIRST_DOUBT, StampCode, based, outside
from timing.errors import RulingRefused
from timing.instants import MISSING, Instant
from timing.race import Race
from timing.reads import Bool, ClockKind, Int16, Int64, Names, Reads, SourceId, UInt8

_EXTREME: Final = 2**61
"""Stamps beyond it are nonsense (36,000 years); they are cut there so that no sum of them leaves 64 bits."""


class Holding(enum.StrEnum):
    """Why a read is held."""

    OUTSIDE_WINDOW = "outside_window"
    HOUR_TWICE = "hour_twice"
    NO_ZERO = "no_zero"
    SOURCE_HELD = "source_held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Reads of a source that are held because evidence speaks against its clock.

    `outranks`: also what a correction covers, which was given for another power-on period of the clock.
    """

    source: SourceId
    stamps: Span = ALWAYS
    received: Span = ALWAYS
    outranks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """N reads as a ledger sees them. `received_us`: the earliest arrival, MISSING where that is not known."""

    base_us: Int64
    code: UInt8
    source: Int16
    received_us: Int64

    def __len__(self) -> int:
        return len(self.base_us)

    def take(self, rows: Int64 | Bool) -> "Stamps":
        return Stamps(
            base_us=self.base_us[rows],
            code=self.code[rows],
            source=self.source[rows],
            received_us=self.received_us[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """How a stamp became an instant; while `held` says why, `instant_us` counts for nobody."""

    stamp_us: int
    clock: ClockKind
    base_us: Instant
    correction: CorrectClock | None
    instant_us: Instant
    held: Holding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLedger:
    """Corrections in force, in the order of the journal, and holds by evidence."""

    corrections: tuple[CorrectClock, ...] = ()
    holds: tuple[Hold, ...] = ()

    def place(self, stamps: Stamps, sources: Names, race: Race) -> tuple[Int64, Bool]:
        """The instant of each read, and whether it is held.

        Where nothing is corrected the instants are `stamps.base_us` itself, not a copy.
        """
        moment_us = stamps.base_us
        held = (stamps.code >= FIRST_DOUBT) | outside(moment_us, race)
        for hold in self.holds:
            held |= _covered(stamps, sources.find(hold.source), hold.stamps, hold.received)
        if not self.corrections:
            return moment_us, held
        moment_us = moment_us.copy()
        open_rows = np.ones(len(stamps), np.bool_)
        for correction in reversed(self.corrections):
            mine = open_rows & _covered(stamps, sources.find(correction.source), correction.stamps, correction.received)
            rows = np.flatnonzero(mine)
            if len(rows):
                open_rows[rows] = False
                moment_us[rows] = corrected(stamps.base_us[rows], correction)
                held[rows] = outside(moment_us[rows], race)
        for hold in self.holds:
            if hold.outranks:
                held |= _covered(stamps, sources.find(hold.source), hold.stamps, hold.received)
        return moment_us, held

    def correction_of(self, source: SourceId, base_us: Instant, received_us: Instant | None) -> CorrectClock | None:
        """The correction in force for one read: the last that covers it."""
        for correction in reversed(self.corrections):
            if correction.source == source and covers(correction, base_us, received_us):
                return correction
        return None

    def held(self, source: SourceId, base_us: Instant, received_us: Instant | None = None) -> bool:
        """Whether evidence holds a stamp of a source that no correction covers."""
        return any(hold.source == source and covers(hold, base_us, received_us) for hold in self.holds)

    def sources(self) -> frozenset[SourceId]:
        """The sources whose reads it may move or hold."""
        return frozenset(c.source for c in self.corrections) | frozenset(h.source for h in self.holds)


AS_STAMPED: Final = ClockLedger()
"""Nothing is corrected, nothing is held by evidence."""


def covers(what: CorrectClock | Hold, base_us: Instant, received_us: Instant | None) -> bool:
    """Whether a correction or hold of a source covers its read. An unknown arrival is in no bounded span."""
    if not what.stamps.holds(base_us):
        return False
    return what.received == ALWAYS or (received_us is not None and what.received.holds(received_us))


def corrected(base_us: Int64, correction: CorrectClock) -> Int64:
    """Base instants with the correction's offset: the line through each pair of anchors, exact, rounded down.

    Outside the anchors the outer pieces go on; one anchor is a constant.
    """
    base_us = np.clip(base_us, -_EXTREME, _EXTREME)
    anchors = correction.anchors
    if len(anchors) == 1:
        return base_us + anchors[0][1]
    inner = np.array([instant for instant, _ in anchors[1:-1]], np.int64)
    piece = np.searchsorted(inner, base_us, side="right")
    result = np.empty_like(base_us)
    for number, ((s0, o0), (s1, o1)) in enumerate(pairwise(anchors)):
        rows = piece == number
        if rows.any():
            base = base_us[rows]
            result[rows] = base + o0 + _share(base - s0, o1 - o0, s1 - s0)
    return result


def corrected_one(base_us: Instant, correction: CorrectClock) -> Instant:
    """The same for one base instant."""
    return int(corrected(np.array([base_us], np.int64), correction)[0])


def _share(along: Int64, rise: int, run: int) -> Int64:
    """`along * rise // run`, whatever their size: whole runs first, so that only the rest is multiplied."""
    whole, rest = np.divmod(along, run)
    if abs(rise) * run < 2**63:
        part: Int64 = rest * rise // run
    else:
        part = np.array([value * rise // run for value in rest.tolist()], np.int64)
    total: Int64 = whole * rise + part
    return total


def checked_correction(correction: CorrectClock, race: Race) -> CorrectClock:
    """The correction, when it can be used.

    Raises: RulingRefused saying what is wrong with it and what would be accepted.
    """
    known = [source.id for source in race.sources]
    if correction.source not in known:
        raise RulingRefused(f"no source {correction.source!r} in this race; there are: {', '.join(known)}")
    where = f"clock of {correction.source}"
    if not correction.anchors:
        raise RulingRefused(
            f"{where}: give at least one (instant, offset); an offset of 0 says that the clock is right"
        )
    for (s0, o0), (s1, o1) in pairwise(correction.anchors):
        if s1 <= s0:
            raise RulingRefused(f"{where}: anchors must be in ascending order of their instants; {s1} follows {s0}")
        if abs(o1 - o0) * 1_000_000 >= DRIFT_PPM_MAX * (s1 - s0):
            raise RulingRefused(
                f"{where}: from offset {o0} to {o1} in {s1 - s0} microseconds is a drift of {DRIFT_PPM_MAX} ppm or "
                "more, which no clock has: for a step, give one correction for each side of it"
            )
    for instant, offset in correction.anchors:
        if abs(instant) > _EXTREME or abs(offset) > _EXTREME:
            raise RulingRefused(f"{where}: {instant} with offset {offset} is no time anybody means; in microseconds?")
    for name, span in (("stamps", correction.stamps), ("received", correction.received)):
        if span.begin_us is not None and span.end_us is not None and span.end_us <= span.begin_us:
            raise RulingRefused(f"{where}: {name} ends at {span.end_us}, not after it begins at {span.begin_us}")
    return correction


def explain(
    ledger: ClockLedger,
    race: Race,
    *,
    source: SourceId,
    clock: ClockKind,
    stamp_us: int,
    received_us: Instant | None = None,
) -> Explained:
    """How one stamp becomes an instant under a ledger, and why it is held if it is."""
    arrived = None if received_us is None else np.array([received_us], np.int64)
    found = based(np.array([stamp_us], np.int64), clock, race, arrived)
    base_us, code = int(found.base_us[0]), StampCode(int(found.code[0]))
    correction = ledger.correction_of(source, base_us, received_us)
    instant_us = base_us if correction is None else int(corrected(found.base_us, correction)[0])
    held: Holding | None = None
    if correction is None:
        held = _held_as_stamped(ledger, source, base_us, received_us, code)
    elif any(h.outranks and h.source == source and covers(h, base_us, received_us) for h in ledger.holds):
        held = Holding.SOURCE_HELD
    if held is None and not race.first_instant_us <= instant_us <= race.last_instant_us:
        held = Holding.OUTSIDE_WINDOW
    return Explained(
        stamp_us=stamp_us, clock=clock, base_us=base_us, correction=correction, instant_us=instant_us, held=held
    )


def _held_as_stamped(
    ledger: ClockLedger, source: SourceId, base_us: Instant, received_us: Instant | None, code: StampCode
) -> Holding | None:
    if code is StampCode.ELAPSED:
        return Holding.NO_ZERO
    if code > StampCode.ELAPSED:
        return Holding.HOUR_TWICE
    if ledger.held(source, base_us, received_us):
        return Holding.SOURCE_HELD
    return None


def trusted_instant(
    ledger: ClockLedger,
    race: Race,
    *,
    source: SourceId,
    clock: ClockKind,
    stamp_us: int,
    received_us: Instant | None = None,
) -> Instant | None:
    """The instant of one stamp, of a gun say, or None while it is held."""
    found = explain(ledger, race, source=source, clock=clock, stamp_us=stamp_us, received_us=received_us)
    return None if found.held is not None else found.instant_us


def reads_placed(reads: Reads, sources: Names, race: Race, ledger: ClockLedger) -> Reads:
    """Reads of files, whose moments are base instants and whose arrival is not known, as a ledger places them."""
    if ledger == AS_STAMPED:
        return reads
    in_doubt = reads.held & ~outside(reads.moment_us, race)
    stamps = Stamps(
        base_us=reads.moment_us,
        code=np.where(in_doubt, StampCode.LOCAL_TWICE, StampCode.UTC).astype(np.uint8),
        source=reads.source,
        received_us=np.broadcast_to(np.int64(MISSING), len(reads)),
    )
    moment_us, held = ledger.place(stamps, sources, race)
    return Reads(
        tag=reads.tag,
        mat=reads.mat,
        moment_us=moment_us,
        source=reads.source,
        antenna=reads.antenna,
        rssi=reads.rssi,
        held=held,
    )


def _covered(stamps: Stamps, source: int, base: Span, received: Span) -> Bool:
    mine: Bool = stamps.source == source
    if source < 0:
        return np.zeros(len(stamps), np.bool_)
    mine &= _within(stamps.base_us, base)
    if received != ALWAYS:
        mine &= (stamps.received_us != MISSING) & _within(stamps.received_us, received)
    return mine


def _within(instants: Int64, span: Span) -> Bool | np.bool_:
    inside: Bool | np.bool_ = np.True_
    if span.begin_us is not None:
        inside = instants >= span.begin_us
    if span.end_us is not None:
        inside = inside & (instants < span.end_us)
    return inside


def merged_spans(spans: Sequence[Span]) -> Span:
    """The smallest span that holds all of these."""
    begins = [span.begin_us for span in spans]
    ends = [span.end_us for span in spans]
    return Span(
        begin_us=None if None in begins or not begins else min(b for b in begins if b is not None),
        end_us=None if None in ends or not ends else max(e for e in ends if e is not None),
    )
