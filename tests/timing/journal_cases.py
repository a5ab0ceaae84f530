"""For the tests of the journal: entries to write, and waiting for something with a deadline."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence

from timing.entries import Delivery, NoteBody, new_entry, reads_entry
from timing.journal import Entry, NewEntry
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag

DEADLINE_S = 20.0
FINISH = SourceId("finish-main")


def note(text: str, at_us: int = 0) -> NewEntry:
    return new_entry(NoteBody(text=text), at_us)


def notes(n: int, size: int = 20) -> list[NewEntry]:
    return [note(f"{i}:".ljust(size, "x"), at_us=i) for i in range(n)]


def batch_of(reads: Sequence[ChipRead], source: SourceId = FINISH) -> SourceReads:
    return SourceReads(source=source, clock=ClockKind.UTC, reads=reads)


def some_batches(n: int, size: int = 50, *, seed: int = 1, source: SourceId = FINISH) -> list[SourceReads]:
    """Batches such as a mat gives at the peak: many tags, eight antennas, milliseconds."""
    rng = random.Random(seed)
    stamp_us = 1_730_016_000_000_000
    batches = []
    for _ in range(n):
        reads = []
        for _ in range(size):
            stamp_us += rng.randrange(0, 40) * 1000
            reads.append(
                ChipRead(
                    tag=Tag(f"0580013{rng.randrange(20_000):05X}"),
                    stamp_us=stamp_us,
                    received_us=stamp_us + rng.randrange(5_000, 90_000),
                    antenna=rng.randrange(1, 9),
                    rssi=float(-rng.randrange(40, 80)),
                )
            )
        batches.append(batch_of(reads, source))
    return batches


def reads_entries(n: int, size: int = 50, *, store: str | None = None) -> list[NewEntry]:
    entries = []
    for i, batch in enumerate(some_batches(n, size)):
        delivery = None if store is None else Delivery(store=store, first=1 + i * size, count=size)
        entries.append(reads_entry(batch, batch.reads[-1].received_us, delivery))
    return entries


def contents(entries: Sequence[Entry] | Sequence[NewEntry]) -> list[tuple[object, ...]]:
    """What entries say, without their numbers and seals."""
    return [(e.kind, e.version, e.source, e.at_us, e.body) for e in entries]


def until(holds: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait until something holds, looking often; fails the test at the deadline."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end, f"waited {deadline_s} s in vain until {what}"
        pause.wait(0.005)
