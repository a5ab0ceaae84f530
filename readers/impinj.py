"""Impinj R700 and R720, "IoT device interface": events as JSON, heard over MQTT.

Source: the notes on the maker's reader interface (docs/readers_impinj.md): no recorded message was found, the
shape rests on several independent programs. Every key of a tag event is optional there, so every key is optional here.
"""

import base64
import binascii
from typing import Any, Final

from readers.collector_json import clean
from readers.events import DecoderEvent, StatusKind, StatusSeen
from readers.iso_stamps import utc_stamp_us
from readers.json_reader import JsonReader, antenna_of, hex_code, signal_dbm, whole
from readers.malformed import malformed
from readers.protocol import Now
from timing.reads import ChipRead, Tag

_HOSTS_MAX: Final = 4
_RUNNING: Final = "running"


class ImpinjReader(JsonReader):
    """See `JsonReader`. What an R700 sends; also the other shape of the maker's add-on (`tag_reads`)."""

    def __init__(self) -> None:
        super().__init__()
        self._hosts: list[str] = []

    def _record(self, record: dict[str, Any], raw: str, now: Now) -> list[DecoderEvent]:
        events = self._note_host(record.get("hostname"))
        if isinstance(body := record.get("tagInventoryEvent"), dict):
            return events + self._tag(body, record.get("timestamp"), raw, now)
        if isinstance(reads := record.get("tag_reads"), list):
            return events + self._smart_reader(reads, raw, now)
        if isinstance(status := record.get("inventoryStatusEvent"), dict):
            return events + self._inventory(status.get("inventoryStatus"), raw)
        kind = record.get("eventType")
        if not isinstance(kind, str):
            return [*events, malformed("no event: neither eventType nor anything known in it", raw.encode())]
        if kind == "tagInventory":
            return [*events, malformed("a tagInventory event without a tagInventoryEvent", raw.encode())]
        # Other kinds exist (antennas, inputs, filters); no sample of one was found.
        return [*events, StatusSeen(kind=StatusKind.ANSWER, text=f"event {clean(kind, 60)}", raw=raw)]

    def _tag(self, body: dict[str, Any], made: object, raw: str, now: Now) -> list[DecoderEvent]:
        """`tagInventoryEvent`. The read instant is `lastSeenTime`, else when the event was made (`timestamp`)."""
        code = _code(body, "epc")
        if code is None and not ("epc" in body or "epcHex" in body):
            code = _code(body, "tid")  # the preset's tagIdentifier may be the TID (inferred)
        if code is None:
            return [malformed("a tag event without a code that can be read, or with two that differ", raw.encode())]
        told = body.get("lastSeenTime", made)
        if told is None:
            return [StatusSeen(kind=StatusKind.TAG_DATA, text=f"tag {code} without a time", raw=raw)]
        stamp_us = utc_stamp_us(told)
        if stamp_us is None:
            return [malformed(f"a time that cannot be read: {clean(str(told), 40)}", raw.encode())]
        return [
            ChipRead(
                tag=Tag(code),
                stamp_us=stamp_us,
                received_us=now.race_us,
                antenna=antenna_of(body.get("antennaPort")),
                rssi=signal_dbm(body.get("peakRssiCdbm"), hundredths=True),
                raw=raw,
            )
        ]

    def _smart_reader(self, reads: list[Any], raw: str, now: Now) -> list[DecoderEvent]:
        """`tag_reads` with `firstSeenTimestamp` in microseconds and `peakRssi` in dBm; other keys inferred."""
        events: list[DecoderEvent] = []
        for each in reads:
            body = each if isinstance(each, dict) else {}
            code, stamp_us = hex_code(body.get("epc")), whole(body.get("firstSeenTimestamp"))
            if code is None or stamp_us is None or not 0 <= stamp_us < 2**62:
                events.append(malformed("a tag read without a code or a time", raw.encode()))
                continue
            signal = body.get("peakRssi")
            events.append(
                ChipRead(
                    tag=Tag(code),
                    stamp_us=stamp_us,
                    received_us=now.race_us,
                    antenna=antenna_of(body.get("antennaPort")),
                    rssi=signal_dbm(_number(signal), hundredths=False),
                    raw=raw,
                )
            )
        return events or [StatusSeen(kind=StatusKind.ANSWER, text="keep-alive")]

    def _inventory(self, status: object, raw: str) -> list[DecoderEvent]:
        word = clean(status, 40) if isinstance(status, str) else "not told"
        told = f"the reader's inventory is {word}: it reads nothing until it is started" if word != _RUNNING else ""
        return [StatusSeen(kind=StatusKind.SETTING, text=f"inventory {word}", raw=raw), *self._stands("idle", told)]

    def _note_host(self, host: object) -> list[DecoderEvent]:
        """A reader is known by its topic. Two names under one topic are two readers with one setting."""
        if not isinstance(host, str) or not host or host in self._hosts or len(self._hosts) >= _HOSTS_MAX:
            return []
        self._hosts.append(host)
        if len(self._hosts) == 1:
            return []
        names = ", ".join(clean(name, 40) for name in self._hosts)
        return self._stands("hosts", f"readers {names} publish under one topic: give each a topic and a source")


def _code(body: dict[str, Any], name: str) -> str | None:
    """`epcHex`, or `epc` in base64 as hexadecimal; None when there is none, or the two differ."""
    written, packed = body.get(f"{name}Hex"), body.get(name)
    code = hex_code(written)
    if written is not None and code is None:
        return None
    if packed is None:
        return code
    try:
        unpacked = base64.b64decode(packed, validate=True).hex().upper() if isinstance(packed, str) else ""
    except (binascii.Error, ValueError):
        return None
    return unpacked or None if code in (None, unpacked) else None


def _number(value: object) -> object:
    """SmartReader writes numbers as text in places (inferred)."""
    if isinstance(value, str) and len(value) <= 12:
        try:
            return float(value)
        except ValueError:
            return None
    return value


PROTOCOL = ImpinjReader
