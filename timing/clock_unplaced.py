"""Stamps that alone do not say their instant: elapsed clocks without a zero, and the hour that exists twice."""

from typing import Final

from timing.clock_corrections import CorrectClock, Span
from timing.clock_evidence import ClockEvidence
from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import ClockLedger
from timing.clock_periods import Period, periods_of, spans_of
from timing.clocks import twice_shift_us
from timing.instants import MINUTE, SECOND, Duration, Instant
from timing.race import Race
from timing.reads import SourceId

ZERO_LATE_US: Final = 2 * SECOND
"""How late a live read may be when the zero of an elapsed clock is rounded down to a whole minute or second."""

_MEANT_US: Final = 2 * MINUTE
"""Reads of the hour that exists twice that come this late at most, live, say which of the two was meant."""

_EARLY_US: Final = 30 * SECOND


def zeros_of(source: SourceId, periods: tuple[Period, ...], ledger: ClockLedger) -> list[ClockFinding]:
    """When the zeros of an elapsed clock were: one finding for each power-on period that no ruling covers."""
    found = []
    for period, (stamps, received) in zip(periods, spans_of(periods, periods), strict=True):
        if ledger.correction_of(source, period.base_max_us, period.received_max_us) is not None:
            continue
        zero_us, uncertainty_us = _zero(period)
        proposal = None
        if period.proven:
            proposal = CorrectClock(source=source, anchors=((0, zero_us),), stamps=stamps, received=received)
        found.append(
            ClockFinding(
                source=source,
                fault=ClockFault.NO_ZERO,
                offset_us=zero_us if period.proven else None,
                uncertainty_us=uncertainty_us,
                reads=period.reads,
                stamps=stamps,
                received=received,
                proposal=proposal,
            )
        )
    return found


def _zero(period: Period) -> tuple[Instant, Duration]:
    """The zero, on the whole minute or else the whole second where that is within what is not known anyway."""
    if period.compared:
        for unit in (MINUTE, SECOND):
            near = (period.offset_us + unit // 2) // unit * unit
            if abs(near - period.offset_us) <= period.uncertainty_us:
                return near, period.uncertainty_us
        return period.offset_us, period.uncertainty_us
    late_us = max(ZERO_LATE_US, period.uncertainty_us)
    for unit in (MINUTE, SECOND):
        # Arrivals are never early: the zero is at the least lag or up to the latency before it.
        whole = period.offset_us // unit * unit
        if period.offset_us - whole <= late_us:
            return whole, late_us
    return period.offset_us, late_us


def of_the_double_hour(
    source: SourceId, race: Race, evidence: ClockEvidence, ledger: ClockLedger
) -> list[ClockFinding]:
    """Reads in the hour that exists twice: which of the two was meant, where arrivals tell."""
    cells = evidence.twice(source)
    if not len(cells):
        return []
    last = int(cells.base_max_us.max()), int(cells.received_max_us.max())
    if ledger.correction_of(source, *last) is not None:
        return []
    span = Span(begin_us=int(cells.base_min_us.min()), end_us=last[0] + 1)
    proposal = None
    offset_us = None
    for period in periods_of(cells, (), evidence.shift_us(cells.epoch)):
        for shift_us in (0, twice_shift_us(race)):
            if period.proven and -_EARLY_US <= period.offset_us - shift_us <= _MEANT_US:
                offset_us = shift_us
    if offset_us is not None:
        proposal = CorrectClock(source=source, anchors=((span.end_us or 0, offset_us),), stamps=span)
    return [
        ClockFinding(
            source=source,
            fault=ClockFault.HOUR_TWICE,
            offset_us=offset_us,
            reads=int(cells.reads.sum()),
            stamps=span,
            proposal=proposal,
        )
    ]
