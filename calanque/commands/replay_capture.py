"""`calanque replay CAPTURE`: the bytes of one source again, through its decoder, and held against the journal.

The same path as live up to the read: capture, protocol, stamps. At a pace it tells what came, when it came; at `max`
it only counts. What it finds is written as a read log where the race is known, else with the stamps as sent.
"""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from calanque.errors import FrontDoorError
from calanque.event_words import KINDS, EventWords
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import RaceFolder, folder_of
from calanque.running import told_as_by_keyboard
from calanque.terminal import grouped, say, table, warn
from config.loader import load_race
from config.plan import RacePlan
from readers.capture import CaptureKind, CaptureRecord, capture_records
from readers.errors import CaptureDamaged
from readers.events import DecoderEvent
from readers.probing import makes_sense
from readers.protocol import protocol_class
from readers.race_clock import RaceClock, check_speed
from readers.replay import replayed
from readers.source_picture import clean
from timing.clocks import moments
from timing.journal import Journal
from timing.mats import MatFinder
from timing.race import Source
from timing.reader_kinds import KIND_OF
from timing.reads import ChipRead, SourceId, SourceReads
from timing.state import RaceState

SHOWN: Final = 10
"""Reads named of those that are not in the journal; the counts are whole."""
LOG_COLUMNS: Final = ("mat", "tag", "epoch_us", "antenna", "rssi", "source", "seq", "received_us")
STAMP_COLUMNS: Final = ("label", "tag", "stamp_us", "antenna", "rssi", "file", "seq", "received_us")


def is_capture(path: Path) -> bool:
    """Whether a path is to be taken as a capture: by its name, since one damaged or not there is to be told so."""
    return path.suffix == ".capture" and not path.is_dir()


def replay_capture(path: Path, *, out: Path, speed: str, protocol: str | None, race: str | None) -> int:
    check_speed(speed)
    if not path.is_file():
        raise FrontDoorError(f"{path}: no such file: give one of `capture/` in a race folder")
    source_id = path.name.split(".")[0] if path.name.count(".") < 2 else path.name.rsplit(".", 2)[0]
    folder = _race_of(path, race)
    plan = None if folder is None else load_race(folder.path)
    source = _source(plan, SourceId(source_id), protocol)
    said = _Said(EventWords(None if plan is None else plan.race.zone, source.clock) if speed != "max" else None)
    events = _events(path, source, speed, said)
    reads = [event for event in events if isinstance(event, ChipRead)]
    written = _write(reads, source, plan, out)
    kinds = Counter(map(type, events))
    say(f"{path}: {source.id} ({source.protocol})")
    table((name, grouped(kinds[kind])) for kind, name in KINDS.items() if kinds[kind])
    say(f"Reads in {written}")
    if said.bytes_in and not any(map(makes_sense, events)):
        warn(_not_understood(source, said.bytes_in, by_hand=protocol is not None))
        return DIFFERENT
    if folder is None or plan is None or not folder.journal.is_file():
        say("No race with a journal is known to hold it against: give --race")
        return OK
    return _compared(reads, source, folder, plan)


def _not_understood(source: Source, bytes_in: int, *, by_hand: bool) -> str:
    kind = KIND_OF[source.protocol].title
    who = "--protocol says so" if by_hand else "the race file says so, and --protocol says otherwise"
    return (
        f"NOTHING UNDERSTOOD of {grouped(bytes_in)} bytes, read as {source.protocol} ({kind}) speaks: {who}. "
        f"Is it another kind of reader? There are {', '.join(KIND_OF)}"
    )


def _race_of(path: Path, race: str | None) -> RaceFolder | None:
    """The race that was told, or the one in whose folder the capture lies."""
    if race is not None:
        folder = folder_of(race)
        if not folder.race_file.is_file():
            raise FrontDoorError(f"--race {race}: no race folder; give one that was run, or its name below races/")
        return folder
    around = RaceFolder(path.resolve().parent.parent)
    return around if path.resolve().parent == around.capture and around.race_file.is_file() else None


def _source(plan: RacePlan | None, name: SourceId, protocol: str | None) -> Source:
    """What the race file says of the source, spoken to as the command line says.

    Raises: FrontDoorError when nobody says what it speaks; UnknownProtocol.
    """
    found = next((each for each in plan.race.sources if each.id == name), None) if plan is not None else None
    spoken = protocol or (found.protocol if found is not None else None)
    if spoken is None:
        raise FrontDoorError(f"no race says what {name} speaks: give --protocol, of {', '.join(KIND_OF)}, or --race")
    protocol_class(spoken)
    clock = found.clock if found is not None else KIND_OF[spoken].clock
    return Source(id=name, protocol=spoken, connect="file", clock=clock)


class _Said:
    """What a capture says while it is replayed: how much came, and when what is told now came.

    `words`: how it is told to whoever looks on; None when nobody does.
    """

    def __init__(self, words: EventWords | None) -> None:
        self.words = words
        self.bytes_in = 0
        self._at_us = 0

    def came(self, record: CaptureRecord) -> None:
        self._at_us = record.at_us
        if record.kind in (CaptureKind.RECEIVED, CaptureKind.REPLAY_RECEIVED):
            self.bytes_in += len(record.content)
        elif record.kind in (CaptureKind.OPENED, CaptureKind.ENDED) and self.words is not None:
            text = clean(record.content.decode("utf-8", "replace"))
            say(self.words.at(record.at_us, f"-- link {record.kind.name.lower()}: {text}"))

    def decoded(self, events: list[DecoderEvent]) -> None:
        """What the decoder made of what came last."""
        if self.words is not None:
            for event in events:
                say(self.words.line(event, self._at_us))


def _events(path: Path, source: Source, speed: str, said: _Said) -> list[DecoderEvent]:
    """All that the decoder says of the capture; what is before some damage, or before an end by hand, counts."""
    events: list[DecoderEvent] = []
    if said.words is not None:
        zone = said.words.zone or "UTC: no race is known that says otherwise (--race)"
        say(f"Hours of arrival are in {zone}; stamps are as the reader sent them. Ctrl+C ends it.")
    try:
        with told_as_by_keyboard():
            for batch in replayed(_paced(capture_records(path), speed, said), protocol_class(source.protocol)()):
                events += batch
                said.decoded(batch)
    except CaptureDamaged as error:
        warn(f"{error}: what is before it counts")
    except KeyboardInterrupt:
        warn("ended before the end of the capture: what came until then counts")
    return events


def _paced(records: Iterable[CaptureRecord], speed: str, said: _Said) -> Iterator[CaptureRecord]:
    """The records as they came, so many times as fast."""
    clock: RaceClock | None = None
    for record in records:
        if speed != "max":
            clock = clock or RaceClock.simulated(record.at_us, speed)
            time.sleep(clock.real_seconds_until(record.at_us))
        said.came(record)
        yield record


def _write(reads: list[ChipRead], source: Source, plan: RacePlan | None, out: Path) -> Path:
    """A read log, instants without any correction; without a race the stamps."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / (f"{source.id}.reads.csv" if plan is not None else f"{source.id}.stamps.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        if plan is None:
            rows.writerow(STAMP_COLUMNS)
            rows.writerows(
                (r.label, r.tag, r.stamp_us, r.antenna, r.rssi, r.reader_file, r.reader_seq, r.received_us)
                for r in reads
            )
            return path
        rows.writerow(LOG_COLUMNS)
        course, finder = plan.race.course, MatFinder(plan.race.course)
        instants, _ = moments(np.array([r.stamp_us for r in reads], np.int64), source.clock, plan.race)
        for r, instant_us in zip(reads, instants.tolist(), strict=True):
            at = finder.find(source.id, r.label, r.antenna)
            mat = course.mats[at].id if at >= 0 else f"{source.id}/{r.label or '?'}"
            rows.writerow((mat, r.tag, instant_us, r.antenna, r.rssi, source.id, r.reader_seq, r.received_us))
    return path


def _compared(reads: list[ChipRead], source: Source, folder: RaceFolder, plan: RacePlan) -> int:
    """Whether the journal has every read of the capture."""
    state = RaceState(plan.race)
    with Journal.open(folder.journal, read_only=True, race=plan.race.id) as journal:
        state.apply_all(journal.entries())
    missing, repeats = state.identity_index().fresh(SourceReads(source=source.id, clock=source.clock, reads=reads))
    say(f"Of {grouped(len(reads))} reads the journal has {grouped(repeats)}; repeats among them count as had")
    if not missing.reads:
        return OK
    words = EventWords(plan.race.zone, source.clock)
    say(f"NOT in the journal: {grouped(len(missing.reads))}")
    for read in missing.reads[:SHOWN]:
        say(f"  {words.line(read, read.received_us)}")
    return DIFFERENT
