"""A simulated day as the journal would hold it: roster, guns, batches of reads, closings, and rulings.

For whoever wants to run the engine on a day without its wires. Entries only: no journal is opened.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from simulators.emission import EmittedReads
from simulators.troubled_day import TroubledDay
from timing.entries import ClosingBody, GunBody, RosterBody, new_entry
from timing.instants import MISSING, Instant
from timing.journal import Entry, EntryKind, NewEntry
from timing.race import Source
from timing.read_columns import NO_NAME, VERSION, DecodedReads, encode_columns
from timing.reads import ClockKind, Int64
from timing.ruling_entries import RulingBody
from timing.rulings import JURY_ONLY, Act, Role

CREW = "simulated crew"


def entries_of_day(day: TroubledDay, *, batch: int = 500) -> list[Entry]:
    """Everything but the rulings, in order of arrival: batches of so many reads of one source at most.

    Stamps are of a clock on UTC, whatever zone the reader shows; those of a clock without a date are elapsed.
    """
    race = day.plan.race
    news = [new_entry(RosterBody(roster=day.roster, file="roster.csv", author=CREW), race.first_instant_us)]
    for signal in day.gun_signals:
        origin: GunBody = GunBody(
            wave=signal.wave,
            instant_us=signal.instant_us,
            origin="wire" if signal.wave is None else "hand",
            source=race.course.start.mats[0].source if signal.wave is None else None,
            author="" if signal.wave is None else CREW,
        )
        news.append(new_entry(origin, signal.instant_us))
    for source in race.sources:
        news += _batches(day, source, batch)
    closed = day.closings
    start = ClosingBody(point="start", at_us=closed.start_us, author=CREW)
    finish = ClosingBody(point="finish", at_us=closed.finish_us, author=CREW)
    news.append(new_entry(start, max(day.true_guns.values()) + race.start_window_us))
    news.append(new_entry(finish, race.last_instant_us))
    return numbered(sorted(news, key=lambda entry: entry.at_us))


def ruling_entries(acts: Sequence[Act], *, after: int, at_us: Instant) -> list[Entry]:
    """Acts as entries that follow entry `after`, each signed by whoever may."""
    bodies = (
        RulingBody(act=act, author=CREW, role=Role.JURY if isinstance(act, JURY_ONLY) else Role.CREW, seen=after + n)
        for n, act in enumerate(acts)
    )
    return numbered([new_entry(body, at_us) for body in bodies], first=after + 1)


def numbered(entries: Sequence[NewEntry], *, first: int = 1) -> list[Entry]:
    """Entries as they would lie in a journal, without seals."""
    return [
        Entry(number=n, kind=e.kind, version=e.version, source=e.source, at_us=e.at_us, body=e.body, seal=b"")
        for n, e in enumerate(entries, first)
    ]


def _batches(day: TroubledDay, source: Source, batch: int) -> Iterator[NewEntry]:
    race = day.plan.race
    clock = source.clock if source.clock is ClockKind.ELAPSED else ClockKind.UTC
    own = day.reads.of_source(race, source.id)
    labels = [mat.label or "" for mat in race.course.mats]
    for first in range(0, len(own), batch):
        part = own.take(np.arange(first, min(first + batch, len(own))))
        yield NewEntry(
            kind=EntryKind.READS,
            body=encode_columns(_columns(part, source, clock, labels)),
            at_us=int(part.due_us[-1]),
            source=source.id,
            version=VERSION,
        )


def _columns(part: EmittedReads, source: Source, clock: ClockKind, labels: Sequence[str]) -> DecodedReads:
    used, tag = np.unique(part.tag, return_inverse=True)
    here, mat = np.unique(part.mat, return_inverse=True)
    named = [labels[number] for number in here.tolist()]
    label = np.where(np.array([not name for name in named])[mat], NO_NAME, mat).astype(np.int64)
    nothing: Int64 = np.full(len(part), MISSING, np.int64)
    return DecodedReads(
        source=source.id,
        clock=clock,
        tags=[part.tags[code] for code in used.tolist()],
        labels=named,
        reader_files=[],
        tag=tag.astype(np.int64),
        label=label,
        reader_file=np.full(len(part), NO_NAME, np.int64),
        kind=np.zeros(len(part), np.int64),
        stamp_us=part.stamp_us,
        received_us=part.due_us,
        antenna=np.where(part.antenna < 0, MISSING, part.antenna).astype(np.int64),
        reader_seq=nothing,
        rssi=part.rssi.astype(np.float64),
    )
