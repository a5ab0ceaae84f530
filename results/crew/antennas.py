"""Whether each antenna of a mat hears its share: silent and weak ones, found by what the others hear meanwhile.

Owns the statistics and their bounds (docs/crew_facts.md). Silence of a mat as a whole is not seen here.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from results.crew.mat_counts import BIN_US, NO_ANTENNA, MatCounts
from timing.instants import MINUTE, Duration, Instant
from timing.race import Mat
from timing.reads import Int64

FALSE_ALARM: Final = 1e-7
"""How likely an antenna that is well may look silent at one of its pauses: with 100,000 pauses, once in 100 races."""

FALSE_NOTE: Final = 1e-6
KNOWN_HEARINGS: Final = 30
"""From so many hearings at the mat on an antenna's share is its own; before, half of an equal share is taken for it."""

RECENT_HEARINGS: Final = 300
WEAK_FACTOR: Final = 3
"""An antenna is weak when its share fell to less than one part in so many."""

DRIFT: Final = 1.5
"""By so much shares may wander with the lanes that runners take, without any fault."""

SHARE_US: Final[Duration] = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """An antenna that hears nothing while the mat's others do.

    `heard_by_others`: tags that came to the others since. `expected_reads`: what would have been its share of reads.
    `never`: it has not heard anything all day; `since_us` is then when the others began.
    """

    since_us: Instant
    heard_by_others: int
    expected_reads: int
    never: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Antenna:
    """One antenna. `share` of the mat's reads all day, `share_now` over the last ten minutes; None without any."""

    antenna: int
    reads: int
    share: float | None
    share_now: float | None
    last_us: Instant | None
    silence: Silence | None = None
    weak: bool = False


def antennas_of(counts: MatCounts, number: int, now_us: Instant, lifted_us: Instant | None = None) -> list[Antenna]:
    """The antennas of a mat, those of the race file and those that were heard; empty where no antenna is told.

    lifted_us: since when the mat lies no more: it hears nothing from then on, and none of its antennas is at fault.
    """
    mat = counts.race.course.mats[number]
    codes = {counts.channels[code].antenna: code for code in counts.channels_of(number)}
    codes.pop(NO_ANTENNA, None)
    names = sorted(set(codes) | set(mat.antennas))
    if not names:
        return []
    traffic = _Traffic.of(counts, list(codes.values()), now_us if lifted_us is None else min(now_us, lifted_us))
    return [_antenna(counts, mat, name, codes.get(name), traffic, len(names)) for name in names]


@dataclass(frozen=True, kw_only=True)
class _Traffic:
    """What all antennas of a mat together heard up to bin `end`: `heard[b]` hearings and `read[b]` reads before b."""

    heard: Int64
    read: Int64
    end: int

    @classmethod
    def of(cls, counts: MatCounts, codes: list[int], now_us: Instant) -> "_Traffic":
        end = counts.bin_of(now_us) + 1
        heard, read = (np.zeros(end + 1, np.int64) for _ in range(2))
        if codes:
            np.cumsum(sum(counts.hearing_bins(code)[:end].astype(np.int64) for code in codes), out=heard[1:])
            np.cumsum(counts.read_bins(codes)[:end], out=read[1:])
        return cls(heard=heard, read=read, end=end)

    def recent_begin(self, end: int) -> int:
        """The bin with which the last RECENT_HEARINGS before bin `end` begin."""
        return max(int(np.searchsorted(self.heard, int(self.heard[end]) - RECENT_HEARINGS, side="right")) - 1, 0)


def _antenna(counts: MatCounts, mat: Mat, name: int, code: int | None, traffic: _Traffic, antennas: int) -> Antenna:
    end = traffic.end
    begin = max(end - int(SHARE_US // BIN_US), 0)
    own = np.zeros(end, np.int64) if code is None else counts.read_bins([code])[:end]
    reads, now = int(own.sum()), int(own[begin:].sum())
    total, total_now = int(traffic.read[end]), int(traffic.read[end] - traffic.read[begin])
    silence = weak = None
    if antennas > 1:
        silence = _silence(counts, code, own, traffic, antennas)
        weak = code is not None and silence is None and _is_weak(counts, code, traffic)
    return Antenna(
        antenna=name,
        reads=reads,
        share=round(reads / total, 4) if total else None,
        share_now=round(now / total_now, 4) if total_now else None,
        last_us=None if code is None else counts.last_us(code),
        silence=silence,
        weak=bool(weak),
    )


def _silence(counts: MatCounts, code: int | None, own_reads: Int64, traffic: _Traffic, antennas: int) -> Silence | None:
    """The silence of an antenna that lasts, if it is none by chance.

    Each hearing of the mat since would have been of this antenna with its usual share p; that none was has the chance
    (1 - p) ** hearings.
    """
    heard_bins = np.flatnonzero(own_reads)
    begin = int(heard_bins[-1]) + 1 if len(heard_bins) else 0
    others = int(traffic.heard[traffic.end] - traffic.heard[begin])
    p = _usual_share(counts, code, traffic, begin, antennas)
    if others * -math.log1p(-p) < -math.log(FALSE_ALARM):
        return None
    never = not len(heard_bins)
    last_us = None if code is None else counts.last_us(code)
    if last_us is None or never:
        last_us = counts.bin_begins(int(np.argmax(traffic.heard > 0)) - 1)
    reads_since = int(traffic.read[traffic.end] - traffic.read[begin])
    share = p if never or not traffic.read[begin] else float(own_reads[:begin].sum()) / float(traffic.read[begin])
    expected = round(reads_since * share / (1 - share)) if share < 1 else reads_since
    return Silence(since_us=last_us, heard_by_others=others, expected_reads=expected, never=never)


def _usual_share(counts: MatCounts, code: int | None, traffic: _Traffic, end: int, antennas: int) -> float:
    """The share of hearings an antenna had before bin `end`: the lesser of all day and of the last 300 of the mat."""
    total = int(traffic.heard[end])
    if code is None or total < KNOWN_HEARINGS:
        return 1 / (2 * antennas)
    own = counts.hearing_bins(code)
    begin = traffic.recent_begin(end)
    recent = int(traffic.heard[end] - traffic.heard[begin])
    shares = (int(own[:end].sum()) / total, int(own[begin:end].sum()) / max(recent, 1))
    return min(*shares, 0.99)


def _is_weak(counts: MatCounts, code: int, traffic: _Traffic) -> bool:
    """Whether the share fell by WEAK_FACTOR, beyond chance and beyond what lanes do (Chernoff's bound)."""
    end = traffic.end
    begin = traffic.recent_begin(end)
    before, now = int(traffic.heard[begin]), int(traffic.heard[end] - traffic.heard[begin])
    if before < RECENT_HEARINGS or now < RECENT_HEARINGS:
        return False
    own = counts.hearing_bins(code)
    usual, share = int(own[:begin].sum()) / before, int(own[begin:end].sum()) / now
    if share * WEAK_FACTOR >= usual:
        return False
    p = usual / DRIFT
    apart = (1 - share) * math.log((1 - share) / (1 - p)) + (share * math.log(share / p) if share > 0 else 0.0)
    return math.exp(-now * apart) < FALSE_NOTE
