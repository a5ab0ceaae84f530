"""Zebra FX7500, FX9600, FXR90 and ATR7000, "IoT Connector": tag data, health and answers as JSON, over MQTT.

Source: the notes on the maker's schema (docs/readers_zebra.md); no captured message was found. Topics are
free text chosen on the reader, so that a message is known by what is in it. Event numbers and the read counter in
heartbeats tell of losses; neither is an identity, since both begin anew when the reader starts.
"""

from typing import Any, Final

from readers.collector_json import clean
from readers.event_numbers import EventNumbers
from readers.events import DecoderEvent, StatusKind, StatusSeen
from readers.iso_stamps import utc_stamp_us
from readers.json_reader import JsonReader, antenna_of, hex_code, signal_dbm, whole
from readers.malformed import malformed
from readers.protocol import Now
from timing.instants import SECOND
from timing.reads import ChipRead, Tag

_MODES: Final = frozenset({"SIMPLE", "INVENTORY", "PORTAL", "CONVEYOR", "CUSTOM"})
_NUMBER_MAX: Final = 2**62
_SLACK_US: Final = 5 * SECOND
_GAP_MAX_US: Final = 600 * SECOND
_PORT_MAX: Final = 64


class ZebraReader(JsonReader):
    """See `JsonReader`."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = EventNumbers()
        self._arrived = 0
        """Reads that came, counting the repeats a report stands for (SEEN_COUNT)."""
        self._first_count: tuple[int, int] | None = None  # heartbeat's counter, and what had arrived by then
        self._last_count: int | None = None
        self._beat_us: int | None = None
        self._beat_gap_us: int | None = None
        self._seen_ports: set[int] = set()

    @property
    def missing(self) -> int:
        return self._numbers.missing

    def silent_for_us(self, steady_us: int) -> int | None:
        """Heartbeats come at a pace set on the reader; three of them left out is silence."""
        if self._beat_gap_us is None:
            return None
        quiet_us = self.heard_within(steady_us)
        return quiet_us if quiet_us is not None and quiet_us > 3 * self._beat_gap_us + _SLACK_US else None

    def _record(self, record: dict[str, Any], raw: str, now: Now) -> list[DecoderEvent]:
        data = record.get("data")
        if "command" in record and "response" in record:
            answer = StatusKind.REFUSED if record["response"] != "success" else StatusKind.ANSWER
            return [StatusSeen(kind=answer, text=f"answer to {clean(str(record['command']), 40)}", raw=raw)]
        tagged = isinstance(data, list) or (isinstance(data, dict) and ("idHex" in data or "format" in data))
        kind = record.get("type")
        if tagged or (isinstance(kind, str) and kind in _MODES):
            return self._report(record, data, raw, now)
        if isinstance(kind, str) and isinstance(data, dict):
            return self._health(kind.lower(), data, raw, now)
        return [malformed("no event: neither tag data nor health", raw.encode())]

    # Tag data.

    def _report(self, record: dict[str, Any], data: object, raw: str, now: Now) -> list[DecoderEvent]:
        """A tag data event; `data` may be a list of them when the reader batches."""
        parts = data if isinstance(data, list) else [data]
        before = self.missing
        events: list[DecoderEvent] = []
        for part in parts:
            # In a list each may be a whole event again, or its data alone (inferred).
            inner = part.get("data") if isinstance(part, dict) else None
            body = inner if isinstance(inner, dict) else part
            told = part.get("timestamp", record.get("timestamp")) if isinstance(part, dict) else None
            events += self._tag(body, told, raw, now)
        if self.missing != before:
            events += self._tell_missing()
        return events

    def _tag(self, body: object, told: object, raw: str, now: Now) -> list[DecoderEvent]:
        if not isinstance(body, dict):
            return [malformed("tag data that is no object", raw.encode())]
        stamp_us = utc_stamp_us(told)
        number = whole(body.get("eventNum"))
        new = number is None or not 0 < number < _NUMBER_MAX or self._numbers.add(number, stamp_us)
        code = hex_code(body.get("idHex"))
        if told is None:
            return [StatusSeen(kind=StatusKind.TAG_DATA, text=f"tag {code or 'not told'} without a time", raw=raw)]
        if code is None or stamp_us is None:
            return [malformed("tag data whose code or time cannot be read", raw.encode())]
        if new:
            count = whole(body.get("reads"))
            self._arrived += count if count is not None and 0 < count < 1_000_000 else 1
        antenna = antenna_of(body.get("antenna"))
        events: list[DecoderEvent] = [
            ChipRead(
                tag=Tag(code),
                stamp_us=stamp_us,
                received_us=now.race_us,
                antenna=antenna,
                rssi=signal_dbm(body.get("peakRssi"), hundredths=False),
                raw=raw,
            )
        ]
        if antenna is not None and antenna <= _PORT_MAX:
            self._seen_ports.add(antenna)
        return events

    def _tell_missing(self) -> list[DecoderEvent]:
        holes = self._numbers.holes()
        where = ", ".join(f"{low} to {high}" if low != high else str(low) for low, high in holes[:3])
        more = f" and {len(holes) - 3} more gaps" if len(holes) > 3 else ""
        count = self.missing
        events = "1 event of the reader is" if count == 1 else f"{count} events of the reader are"
        return self._stands("missing", f"{events} missing{f' ({where}{more})' if where else ''}" if count else "")

    # Health.

    def _health(self, kind: str, data: dict[str, Any], raw: str, now: Now) -> list[DecoderEvent]:
        """An event of the management topic. Known by its type; what is not known is only told."""
        if kind == "heartbeat":
            return [StatusSeen(kind=StatusKind.ANSWER, text="heartbeat"), *self._heartbeat(data, now)]
        if kind == "hello":
            self._restarted()
            self._standing.pop("error", None)
            return [StatusSeen(kind=StatusKind.BANNER, text="the reader has started", raw=raw), *self._tell_missing()]
        if kind in ("error", "warning"):
            words = data.get("message", data.get("description", data.get("text", data)))
            text = f"the reader tells of an {kind}" if kind == "error" else "the reader warns"
            return self._stands("error", f"{text}: {clean(str(words), 120)}")
        return [StatusSeen(kind=StatusKind.ANSWER, text=f"event {clean(kind, 60)}", raw=raw)]

    def _heartbeat(self, data: dict[str, Any], now: Now) -> list[DecoderEvent]:
        if self._beat_us is not None and 0 < (gap_us := now.steady_us - self._beat_us) <= _GAP_MAX_US:
            self._beat_gap_us = gap_us if self._beat_gap_us is None else max(gap_us, self._beat_gap_us)
        self._beat_us = now.steady_us
        radio = data.get("radio_control")
        radio = radio if isinstance(radio, dict) else data
        return [*self._count(whole(radio.get("numTagReads"))), *self._ports(radio.get("antennas"))]

    def _count(self, count: int | None) -> list[DecoderEvent]:
        """Compares what the reader counted up to the heartbeat *before* with what has come by now.

        Data and health go by different topics, so that the newest count may be ahead of its reads for a moment.
        """
        if count is None or not 0 <= count < _NUMBER_MAX:
            return []
        if self._last_count is not None and count < self._last_count:
            self._restarted()
        due, self._last_count = self._last_count, count
        if self._first_count is None or due is None:
            self._first_count = (count, self._arrived)
            return []
        counted, came = due - self._first_count[0], self._arrived - self._first_count[1]
        if counted <= came:
            return self._stands("count", "")
        return self._stands(
            "count",
            f"the reader counts {counted} reads and {came} came: {counted - came} are missing, "
            "or its report filter withholds repeats without SEEN_COUNT",
        )

    def _ports(self, antennas: object) -> list[DecoderEvent]:
        """Only ports that have read something are missed: a port without a cable is no news."""
        if not isinstance(antennas, dict):
            return []
        off = []
        for name, state in list(antennas.items())[:_PORT_MAX]:
            port = whole(name)
            if port is None or not isinstance(state, str):
                continue
            if state.lower() == "connected":
                self._seen_ports.add(port)
            elif state.lower() == "disconnected" and port in self._seen_ports:
                off.append(port)
        return self._stands("antennas", f"antenna {', '.join(map(str, sorted(off)))} is disconnected" if off else "")

    def _restarted(self) -> None:
        self._numbers.restart()
        self._first_count = self._last_count = None


PROTOCOL = ZebraReader
