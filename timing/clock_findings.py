"""What is wrong with the clocks of a race, as far as evidence goes, and what would put it right.

A pure function of (race, guns, evidence, corrections in force): findings for people, with a proposal where there is
one. Some findings hold the reads they are about until somebody decides; none corrects anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from timing.clock_corrections import CorrectClock, Span
from timing.clock_evidence import HALF_HOUR, ClockEvidence
from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import ClockLedger, Hold, corrected_one
from timing.clock_pairs import pairs_apart
from timing.clock_periods import Period, periods_of, spans_of
from timing.clock_plausibility import hours_off, start_fits
from timing.clock_unplaced import of_the_double_hour, zeros_of
from timing.decisions import Decisions
from timing.instants import DAY, HOUR, MINUTE, SECOND, Duration
from timing.race import Race
from timing.reads import ClockKind, SourceId
from timing.times import Guns

AHEAD_US: Final = 30 * SECOND
"""A read that was made this long after it arrived is of a clock that cannot be trusted."""

AHEAD_READS: Final = 3
REST_US: Final = 2 * MINUTE
"""Within this of whole hours or days a clock is off by those, and the rest is somebody's hand."""

FAR_US: Final = HALF_HOUR // 2
"""From here on a clock is not just set a little wrong: its reads are held."""

TOLD_AHEAD_US: Final = 2 * SECOND
TOLD_BEHIND_US: Final = 20 * SECOND
"""Without a comparison, reads that all come this late, minute for minute, speak of a clock that is behind."""

TOLD_COMPARED_US: Final = SECOND
LATE_FOR_ALL_US: Final = 2 * MINUTE
"""Below it, when all sources are late by the same, the way to us may be slow: no clock is blamed."""

LIVE_MIN: Final = 5
AGREE_US: Final = 5 * SECOND
EPOCH_BEFORE_US: Final = 978_307_200 * SECOND
"""2001-01-01: clocks that show less begin at 1970, 1980 or 2000 when they lose power."""

MONTH_US: Final = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A period with what it is off by where a ruling has not settled it.

    `meant_for_another`: the ruling that covers it fits another period of this clock, and was given for that one.
    """

    source: SourceId
    period: Period
    stamps: Span
    received: Span
    residual_us: Duration
    covered: bool
    meant_for_another: bool


def ledger_now(
    race: Race, guns: Guns, decisions: Decisions, evidence: ClockEvidence
) -> tuple[ClockLedger, tuple[ClockFinding, ...]]:
    """The ledger in force, and what is to be told and proposed.

    Args: guns: in force when every stamp is taken as it is, so that findings do not turn on themselves.
    """
    ruled = ClockLedger(corrections=decisions.clocks)
    findings = findings_of(race, guns, evidence, ruled)
    holds = {
        Hold(
            source=finding.source,
            stamps=finding.stamps,
            received=finding.received,
            outranks=finding.meant_for_another,
        )
        for finding in findings
        if finding.holds and finding.source is not None
    }
    return replace(ruled, holds=tuple(sorted(holds, key=repr))), findings


def findings_of(race: Race, guns: Guns, evidence: ClockEvidence, ledger: ClockLedger) -> tuple[ClockFinding, ...]:
    """All findings, in order of sources."""
    judged: list[_Judged] = []
    findings: list[ClockFinding] = []
    for source in evidence.sources():
        periods = _periods(source, evidence)
        if evidence.clock_of(source) is ClockKind.ELAPSED:
            findings += zeros_of(source, periods, ledger)
        else:
            judged += _judged(source, periods, ledger)
        findings += of_the_double_hour(source, race, evidence, ledger)
    ours = _of_our_clock(race, guns, evidence, judged)
    off = [finding for one in judged if (finding := _of_a_period(one, judged, ours)) is not None]
    known = _known(judged, off, evidence, ledger)
    off += _from_the_race(race, guns, evidence, known, ledger)
    pairs = [
        ClockFinding(source=main, other=backup, fault=ClockFault.PAIR, offset_us=gap_us, reads=tags)
        for main, backup, gap_us, tags in pairs_apart(race, evidence, ledger)
        if not {main, backup} & {finding.source for finding in off}
    ]
    found = [*([] if ours is None else [ours]), *off, *findings, *pairs]
    return tuple(
        sorted(found, key=lambda f: (f.source or "", f.received.begin_us or 0, f.stamps.begin_us or 0, f.fault))
    )


def _periods(source: SourceId, evidence: ClockEvidence) -> tuple[Period, ...]:
    cells, comparisons = evidence.lags(source), evidence.comparisons(source)
    if not len(cells) and not comparisons:
        return ()
    return periods_of(cells, comparisons, evidence.shift_us(evidence.epochs(cells, comparisons)))


def _judged(source: SourceId, periods: tuple[Period, ...], ledger: ClockLedger) -> list[_Judged]:
    # A period that nothing proves is mostly a memory that came late; one without reads that is over concerns nobody.
    real = tuple(period for period in periods if _speaks(period) and not _is_settled(period, periods))
    rulings = [_ruling_over(source, period, ledger) for period in real]
    found = []
    for period, (stamps, received), ruling in zip(real, spans_of(real, periods), rulings, strict=True):
        fitted = [
            other
            for other, by in zip(real, rulings, strict=True)
            if by is not None and by == ruling and abs(_left_over(other, by)) < FAR_US
        ]
        found.append(
            _Judged(
                source=source,
                period=period,
                stamps=stamps,
                received=received,
                residual_us=_left_over(period, ruling),
                covered=ruling is not None,
                meant_for_another=bool(fitted) and period not in fitted,
            )
        )
    return found


def _ruling_over(source: SourceId, period: Period, ledger: ClockLedger) -> CorrectClock | None:
    """The ruling that covers a period to its ends, if one does."""
    first = ledger.correction_of(source, period.base_min_us, period.received_min_us)
    last = ledger.correction_of(source, period.base_max_us, period.received_max_us)
    return last if first is not None else None


def _left_over(period: Period, ruling: CorrectClock | None) -> Duration:
    """What a period is still off by."""
    if ruling is None:
        return period.offset_us
    said_us = corrected_one(period.base_max_us, ruling) - period.base_max_us
    # Who says 0 has looked: this clock is right.
    return 0 if said_us == 0 else period.offset_us - said_us


def _speaks(period: Period) -> bool:
    """Whether a period is one of the clock, and not of reads that came late."""
    return period.proven or period.offset_us < -TOLD_AHEAD_US or period.base_max_us < EPOCH_BEFORE_US


def _is_settled(period: Period, periods: tuple[Period, ...]) -> bool:
    """Whether a clock made no read while it showed this, and was found to show something else later: it was set."""
    return period.reads == 0 and any(
        later.compared and later.received_max_us > period.received_max_us for later in periods
    )


def _of_a_period(judged: _Judged, everything: list[_Judged], ours: ClockFinding | None) -> ClockFinding | None:
    period, off_us = judged.period, judged.residual_us
    if ours is not None and ours.offset_us is not None and abs(off_us - ours.offset_us) <= AGREE_US:
        return None
    fault, whole_us = _fault(period, off_us)
    if fault is None:
        return _small(judged, everything)
    if judged.covered:
        # What a ruling covers is told when it is far off, and held only when the ruling was about another power-on.
        return _finding(judged, fault, _total(judged, whole_us), holds=judged.meant_for_another)
    holds = period.proven or off_us < 0
    certain = period.proven or (off_us < 0 and period.reads >= AHEAD_READS)
    return _finding(judged, fault, whole_us, holds=holds, propose=certain)


def _total(judged: _Judged, off_us: Duration) -> Duration:
    """A correction replaces the one in force: its offset counts from the stamp."""
    return judged.period.offset_us - judged.residual_us + off_us


def _fault(period: Period, off_us: Duration) -> tuple[ClockFault | None, Duration]:
    """What is far wrong with a clock, and the offset that puts it right; None when it is nearly right."""
    if abs(off_us) < FAR_US:
        return None, off_us
    if period.base_max_us < EPOCH_BEFORE_US:
        return ClockFault.DEFAULT_EPOCH, off_us
    near_us = (off_us + HALF_HOUR // 2) // HALF_HOUR * HALF_HOUR
    if abs(off_us - near_us) <= REST_US:
        return (ClockFault.DAYS if near_us % DAY == 0 else ClockFault.HOURS), near_us
    if off_us > MONTH_US:  # behind: one that is ahead has not gone back to anything
        return ClockFault.DEFAULT_EPOCH, off_us
    return ClockFault.OFFSET, off_us


def _small(judged: _Judged, everything: list[_Judged]) -> ClockFinding | None:
    """Seconds or minutes off: told, and held only where reads come before they can have been made."""
    period, off_us = judged.period, judged.residual_us
    if judged.covered:
        return None
    if period.anchors and period.offset_us >= -AHEAD_US:
        return _drifting(judged)
    enough = period.reads >= AHEAD_READS or period.compared
    if off_us < 0:
        tell = enough and -off_us > (TOLD_COMPARED_US + period.uncertainty_us if period.compared else TOLD_AHEAD_US)
    elif period.compared:
        tell = off_us > TOLD_COMPARED_US + period.uncertainty_us
    else:
        tell = _is_behind(judged, everything)
    if not tell:
        return None
    fault = ClockFault.STEP if period.stepped else ClockFault.OFFSET
    return _finding(judged, fault, off_us, holds=enough and off_us < -AHEAD_US)


def _is_behind(judged: _Judged, everything: list[_Judged]) -> bool:
    """Whether reads that come late without a comparison speak of the clock and not of the way."""
    period, off_us = judged.period, judged.residual_us
    if not period.proven or period.live < LIVE_MIN or off_us <= TOLD_BEHIND_US:
        return False
    if period.uncertainty_us > SECOND:
        return False
    others = [other for other in everything if other.source != judged.source and other.period.proven]
    alike = all(abs(other.residual_us - off_us) <= AGREE_US for other in others)
    return not (others and alike and off_us < LATE_FOR_ALL_US)


def _drifting(judged: _Judged) -> ClockFinding:
    (s0, o0), (s1, o1) = judged.period.anchors
    finding = _finding(judged, ClockFault.DRIFT, judged.period.offset_us, holds=False)
    return replace(
        finding,
        proposal=None if finding.proposal is None else replace(finding.proposal, anchors=judged.period.anchors),
        drift_ppb=(o1 - o0) * 1_000_000_000 // max(s1 - s0, 1),
    )


def _finding(
    judged: _Judged, fault: ClockFault, offset_us: Duration, *, holds: bool, propose: bool = True
) -> ClockFinding:
    period = judged.period
    anchors = ((period.base_max_us // SECOND * SECOND, offset_us),)
    return ClockFinding(
        source=judged.source,
        fault=fault,
        offset_us=offset_us,
        uncertainty_us=period.uncertainty_us,
        reads=period.reads,
        stamps=judged.stamps,
        received=judged.received,
        holds=holds,
        meant_for_another=judged.meant_for_another,
        proposal=CorrectClock(source=judged.source, anchors=anchors, stamps=judged.stamps, received=judged.received)
        if propose
        else None,
    )


def _of_our_clock(race: Race, guns: Guns, evidence: ClockEvidence, judged: list[_Judged]) -> ClockFinding | None:
    """Our own clock, when all sources agree against it and what they stamped at the start fits the guns."""
    latest: dict[SourceId, _Judged] = {}
    for one in judged:
        if one.period.proven or (one.residual_us < 0 and one.period.reads >= AHEAD_READS):
            latest[one.source] = one
    offsets = sorted(one.residual_us for one in latest.values())
    if len(offsets) < 2 or offsets[-1] - offsets[0] > AGREE_US:
        return None
    middle_us = offsets[len(offsets) // 2]
    compared = any(one.period.compared for one in latest.values())
    least_us = TOLD_AHEAD_US if middle_us < 0 or compared else LATE_FOR_ALL_US
    if min(abs(offsets[0]), abs(offsets[-1])) <= least_us or not start_fits(race, guns, evidence, middle_us):
        return None
    return ClockFinding(
        source=None,
        fault=ClockFault.HOST,
        offset_us=middle_us,
        uncertainty_us=max(offsets[-1] - offsets[0], max(one.period.uncertainty_us for one in latest.values())),
        reads=sum(one.period.reads for one in latest.values()),
    )


def _known(
    judged: list[_Judged], off: list[ClockFinding], evidence: ClockEvidence, ledger: ClockLedger
) -> dict[SourceId, Duration]:
    """Sources whose clock arrivals, comparisons or a person speak for, and what is to be added to their stamps."""
    known: dict[SourceId, Duration] = {}
    for one in judged:
        if one.period.proven:
            known[one.source] = 0
    for finding in off:
        if finding.source is not None and finding.offset_us is not None:
            known[finding.source] = finding.offset_us
    for correction in ledger.corrections:
        known[correction.source] = correction.anchors[-1][1]
    for source in evidence.sources():
        if evidence.clock_of(source) is ClockKind.ELAPSED:
            known.setdefault(source, 0)
    return known


def _from_the_race(
    race: Race, guns: Guns, evidence: ClockEvidence, known: Mapping[SourceId, Duration], ledger: ClockLedger
) -> list[ClockFinding]:
    """Clocks that must be whole hours off for what was seen to be a race, where nothing else tells."""
    reads = dict.fromkeys(evidence.sources(), 0)
    for mat, counts in zip(race.course.mats, evidence.minutes, strict=True):
        if mat.source in reads:
            reads[mat.source] += int(counts.sum())
    anchor_us = min(guns.wave_us, default=0) + HOUR
    return [
        ClockFinding(
            source=source,
            fault=ClockFault.HOURS,
            offset_us=offset_us,
            uncertainty_us=REST_US,
            reads=reads[source],
            holds=True,
            proposal=CorrectClock(source=source, anchors=((anchor_us, offset_us),)),
        )
        for source, offset_us in hours_off(race, guns, evidence, known).items()
    ]
