"""One source behind a collector, as its statuses and batches show it to the engine. Time is given to it (seconds of a
steady clock). No input or output, no MQTT.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from readers.collector_messages import ReaderStatus, Status, StatusLost, StatusUp
from readers.health import Link, SourceHealth
from readers.mqtt_alarms import AlarmBoard, AlarmKind
from readers.mqtt_ledger import StoreLedger
from timing.delivery import Cursor as Delivered
from timing.instants import Instant
from timing.reads import ClockKind, SourceId

SILENT_AFTER_S: Final = 12.0
"""More than two heartbeats."""
FLAPPING_WITHIN_S: Final = 30.0
FLAPPING_ABOVE: Final = 3
_BOOTS: Final = 20
"""Boots of one store that are remembered."""
_STORES: Final = 100
"""Stores of one source that are followed; a source that shows more is broken or hostile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorHealth:
    """A collector at one moment, for the crew. `up` None: not heard of since the engine started."""

    source: SourceId
    up: bool | None
    store: str | None
    boot: str | None
    through: int
    missing: int
    unconfirmed: int | None
    batches: int
    reads: int
    repeats: int
    malformed: int
    last_read_us: Instant | None
    alarms: tuple[str, ...]
    reader: ReaderStatus


class SourceIntake:
    """Attributes: ledgers: by store; store: the one that speaks now, None before the first."""

    def __init__(self, source: SourceId, clock: ClockKind, known: Mapping[str, Delivered], alarms: AlarmBoard) -> None:
        self.source, self.clock = source, clock
        self.ledgers = {store: StoreLedger(store, cursor) for store, cursor in known.items()}
        self.store: str | None = None
        self.status: StatusUp | None = None
        self.batches = self.reads = self.repeats = self.malformed = 0
        self.last_read_us: Instant | None = None
        self._alarms = alarms
        self._up: bool | None = None
        self._heard_s: float | None = None
        self._turns: deque[float] = deque()  # when a boot began or a will came
        self._stores_up: dict[str, float] = {}  # store -> when it was last up
        self._boot: str | None = None
        self._boots: dict[str, list[str]] = {}  # store -> boots it was up with, the newest last
        self._shared_s: float | None = None  # when one store was last seen on two hosts

    def ledger(self, store: str) -> StoreLedger | None:
        """What is known of a store, begun now when it is new. None: this source has shown too many."""
        ledger = self.ledgers.get(store)
        if ledger is None:
            if len(self.ledgers) >= _STORES:
                return None
            ledger = self.ledgers[store] = StoreLedger(store)
            if len(self.ledgers) > 1:
                before = ", ".join(self._told(old) for old in self.ledgers.values() if old is not ledger)
                self._say(AlarmKind.NEW_STORE, f"has a new store {store}: a new numbering (before: {before})")
        if self.store is None:
            self.store = store
        return ledger

    def hear(self, status: Status, now_s: float, *, retained: bool) -> bool:
        """A status. A retained one tells what was once: it is no sign of life.

        Returns: whether two hosts work with copies of the status's store, so that it has to be renewed.
        """
        if isinstance(status, StatusLost):
            self._hear_lost(status, now_s, retained=retained)
            return False
        self.status = status
        if retained:
            self.store = self.store or status.store
            return False
        if status.boot != self._boot:
            if self._boot is not None:
                self._turns.append(now_s)
            self._boot = status.boot
        self._note_store(status.store, now_s)
        self._up, self._heard_s = True, now_s
        self._say(AlarmKind.SILENT, "")
        self._say(AlarmKind.COLLECTOR, "; ".join(status.alarms))
        return self._is_shared(status, now_s)

    def _is_shared(self, status: StatusUp, now_s: float) -> bool:
        """A host that was switched off never has the same boot again: a boot that comes back is a second host."""
        boots = self._boots.setdefault(status.store, [])
        shared = status.boot in boots[:-1]
        if shared:
            self._shared_s = now_s
            self._say(
                AlarmKind.TWO_STORES,
                f"two collectors on two hosts work with copies of one store ({status.store}): "
                "each is asked to begin its own; stop one",
            )
        if status.boot in boots:
            boots.remove(status.boot)
        boots.append(status.boot)
        del boots[:-_BOOTS]
        return shared

    def _hear_lost(self, status: StatusLost, now_s: float, *, retained: bool) -> None:
        if retained:
            return
        self._turns.append(now_s)
        self._stores_up.pop(status.store, None)
        if self._boot is not None and (status.boot, status.store) != (self._boot, self.store):
            return  # a later boot is up: the will is about one that is over
        self._up = False
        self._say(AlarmKind.SILENT, "its collector's connection is lost; its reads wait in its store")

    def _note_store(self, store: str, now_s: float) -> None:
        self.ledger(store)
        if store != self.store and self.store is not None and store in self._stores_up:
            names = " and ".join(sorted({store, self.store}))
            self._say(
                AlarmKind.TWO_STORES,
                f"two collectors speak under this name at once (stores {names}): "
                "give each its own source, or stop one; nothing is lost meanwhile",
            )
        self.store = store
        self._stores_up[store] = now_s

    def look(self, now_s: float) -> None:
        """What follows from the passing of time."""
        while self._turns and now_s - self._turns[0] > FLAPPING_WITHIN_S:
            self._turns.popleft()
        flapping = len(self._turns) > FLAPPING_ABOVE
        self._say(
            AlarmKind.FLAPPING,
            f"its collector started or lost its connection {len(self._turns)} times in {FLAPPING_WITHIN_S:.0f} s: "
            "two collectors with one identity, or a bad link"
            if flapping
            else "",
        )
        self._stores_up = {
            store: heard for store, heard in self._stores_up.items() if now_s - heard <= FLAPPING_WITHIN_S
        }
        shared = self._shared_s is not None and now_s - self._shared_s <= FLAPPING_WITHIN_S
        if len(self._stores_up) < 2 and not shared:
            self._say(AlarmKind.TWO_STORES, "")
        if self._up and self._heard_s is not None and now_s - self._heard_s > SILENT_AFTER_S:
            self._up = False
            self._say(
                AlarmKind.SILENT,
                f"no sign of life from its collector for {SILENT_AFTER_S:.0f} s; its reads wait in its store",
            )

    def excuse(self, now_s: float) -> None:
        """We could not hear for a while: silence up to now means nothing."""
        if self._heard_s is not None:
            self._heard_s = now_s

    def tell_gap(self, ledger: StoreLedger) -> None:
        gaps = ledger.taken.gaps()
        missing = sum(last - first + 1 for first, last in gaps)
        shown = ", ".join(f"{first} to {last}" if first != last else str(first) for first, last in gaps[:3])
        more = f" and {len(gaps) - 3} more gaps" if len(gaps) > 3 else ""
        text = f"{missing} reads missing ({shown}{more}), asking again" if missing else ""
        self._alarms.set(AlarmKind.GAP, self.source, text and f"{self.source}: {text}", about=ledger.store)

    def _say(self, kind: AlarmKind, text: str) -> None:
        self._alarms.set(kind, self.source, text and f"{self.source}: {text}")

    def say(self, kind: AlarmKind, text: str, about: str = "") -> None:
        """Raise, change or end an alarm about this source."""
        self._alarms.set(kind, self.source, text and f"{self.source}: {text}", about=about)

    def _told(self, ledger: StoreLedger) -> str:
        return f"{ledger.store} up to {ledger.taken.highest}"

    def health(self) -> CollectorHealth:
        ledger = self.ledgers.get(self.store or "")
        status = self.status
        return CollectorHealth(
            source=self.source,
            up=self._up,
            store=self.store,
            boot=self._boot,
            through=ledger.taken.through if ledger else 0,
            missing=sum(b - a + 1 for each in self.ledgers.values() for a, b in each.taken.gaps()),
            unconfirmed=status.unconfirmed if status else None,
            batches=self.batches,
            reads=self.reads,
            repeats=self.repeats,
            malformed=self.malformed,
            last_read_us=self.last_read_us,
            alarms=status.alarms if status else (),
            reader=status.reader if status else ReaderStatus(),
        )


_READER_LINKS: Final = {"up": Link.UP, "unintelligible": Link.UNINTELLIGIBLE}


def source_health(collector: CollectorHealth, broker_error: str) -> SourceHealth:
    """The same in the shape that is shown for every source."""
    reader = collector.reader
    link, error = _READER_LINKS.get(reader.link or "", Link.DOWN), ""
    if broker_error:
        link, error = Link.DOWN, broker_error
    elif not collector.up:
        link, error = Link.DOWN, "its collector is not heard" if collector.up is None else "its collector is silent"
    elif link is not Link.UP:
        error = "; ".join(collector.alarms) or f"the reader's link is {reader.link or 'not known'}"
    offset = None
    if reader.clock_us is not None and reader.asked_us is not None:
        offset = reader.clock_us - reader.asked_us
    return SourceHealth(
        source=collector.source,
        link=link,
        since_us=reader.since_us,
        error=error,
        endpoint=f"collector (store {collector.store})" if collector.store else "collector",
        reads=collector.reads,
        repeats=collector.repeats,
        malformed=collector.malformed,
        last_read_us=collector.last_read_us,
        clock_offset_us=offset,
        clock_round_trip_us=reader.round_trip_us,
        clock_checked_us=reader.asked_us if offset is not None else None,
        gap=collector.missing > 0,
        queue=collector.unconfirmed or 0,
        warning="; ".join(collector.alarms),
        battery_percent=reader.battery_percent,
        battery_minutes=reader.battery_minutes,
        temperature_c=reader.temperature_c,
        mains=reader.mains,
    )
