"""How a source is, for the crew's board: one frozen picture, made anew when something changes.

Made by drivers and collectors, added to by the engine (repeats are only known where identities are), shown by the web.
"""

import enum
from dataclasses import dataclass
from typing import Final

from readers.events import MemoryState
from timing.instants import Duration, Instant
from timing.reads import SourceId


class Link(enum.StrEnum):
    DOWN = "down"
    """Not connected; being tried again."""
    OPENED = "opened"
    """Connected, and nothing understood yet."""
    UP = "up"
    """Connected, and the reader speaks our language."""
    UNINTELLIGIBLE = "unintelligible"
    """Bytes come, and none of them makes sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source at one moment. Instants are of the race clock; counts are since this process started.

    `clock_offset_us`: reader's clock minus race clock, zone included, as in `ClockSeen`; true within half of
    `clock_round_trip_us`, which has the second of a clock that shows whole seconds in it. `last_stamp_us`: the latest
    stamp seen. `attempts`: connections tried since the link was last up. `queue`, `queue_peak`: reads waiting for the
    journal. `overflowed`: reads that found no room in the queue and are asked again from the reader's memory; `gap`:
    true while reads may be missing that the reader's memory may hold. `capture_lost`: bytes not captured. Battery,
    temperature and mains as the reader last told them, None where it never did.
    """

    source: SourceId
    link: Link = Link.DOWN
    since_us: Instant | None = None
    error: str = ""
    endpoint: str = ""
    attempts: int = 0
    reads: int = 0
    repeats: int = 0
    malformed: int = 0
    guns: int = 0
    bytes_in: int = 0
    last_read_us: Instant | None = None
    last_stamp_us: int | None = None
    clock_offset_us: Duration | None = None
    clock_round_trip_us: Duration | None = None
    clock_checked_us: Instant | None = None
    memory: MemoryState | None = None
    memory_done: int = 0
    memory_total: int = 0
    gap: bool = False
    queue: int = 0
    queue_peak: int = 0
    overflowed: int = 0
    capture_lost: int = 0
    warning: str = ""
    battery_percent: float | None = None
    battery_minutes: float | None = None
    temperature_c: float | None = None
    mains: bool | None = None


_FETCHING: Final = (MemoryState.ASKED, MemoryState.RUNNING)


def link_news(before: SourceHealth | None, now: SourceHealth) -> str:
    """What a log should say of a link: what changed, and why while it is not well; empty when nothing did."""
    well = now.link in (Link.UP, Link.OPENED)
    if before is not None and before.link is now.link and (well or before.error == now.error):
        return ""
    return f"{now.source}: link {now.link.value}" + (f": {now.error}" if now.error and not well else "")


def memory_news(before: SourceHealth | None, now: SourceHealth) -> str:
    """What a log should say of the fetching of a reader's memory: begun, done or failed; empty when nothing changed."""
    was = None if before is None else before.memory
    if now.memory is was or (now.memory in _FETCHING and was in _FETCHING):
        return ""
    if now.memory in _FETCHING:
        return f"{now.source}: memory fetch begun"
    of = f", {now.memory_done} of {now.memory_total}" if now.memory_total else ""
    if now.memory is MemoryState.DONE:
        return f"{now.source}: memory fetch done{of}"
    return f"{now.source}: memory fetch failed{of}: tried again" if now.memory is MemoryState.FAILED else ""


def gap_news(before: SourceHealth | None, now: SourceHealth) -> str:
    """What a log should say of reads that may be missing; empty when that is as before."""
    if now.gap is (before is not None and before.gap):
        return ""
    if now.gap:
        return f"{now.source}: gap opened, reads may be missing"
    return f"{now.source}: gap closed, what its memory holds has come"
