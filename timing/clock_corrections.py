"""Spans of time, and the act that corrects a clock: what clocks need to know of rulings, and no more."""

from dataclasses import dataclass
from typing import Final

from timing.instants import Instant
from timing.reads import SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From an instant to before another; None: without that bound."""

    begin_us: Instant | None = None
    end_us: Instant | None = None

    def holds(self, instant_us: Instant) -> bool:
        return (self.begin_us is None or instant_us >= self.begin_us) and (
            self.end_us is None or instant_us < self.end_us
        )


ALWAYS: Final = Span()

DRIFT_PPM_MAX: Final = 1_000
"""No clock gains or loses more: 86 s a day. Between two anchors a correction must stay below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectClock:
    """How stamps of a source become instants, in place of taking them as they are.

    `anchors`: (instant as the stamp says, microseconds to add there), ascending: one is a constant, several a line
    through each pair, the outer ones going on. Holds for stamps (as instants, uncorrected) in `stamps` that arrived in
    `received`: a power-on period. An offset of 0 says that the clock is right. Of several for one read the last holds.
    """

    source: SourceId
    anchors: tuple[tuple[Instant, int], ...]
    stamps: Span = ALWAYS
    received: Span = ALWAYS
