"""Messages as a Zebra reader's IoT Connector publishes them: for simulators and tests."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from readers.iso_stamps import utc_text
from timing.instants import MILLISECOND
from timing.reads import ChipRead


def tag_event(read: ChipRead, number: int, *, count: int = 1, mode: str = "CUSTOM") -> dict[str, Any]:
    """A tag data event as an object; its time has milliseconds, as the reader's has.

    A SIMPLE event has neither antenna nor signal nor count, whatever the read has.
    """
    data: dict[str, Any] = {"eventNum": number, "format": "epc", "idHex": str(read.tag).lower()}
    if mode != "SIMPLE":
        data["reads"] = count
        if read.antenna is not None:
            data["antenna"] = read.antenna
        if read.rssi is not None:
            data["peakRssi"] = round(read.rssi)
    return {"data": data, "timestamp": _stamp(read.stamp_us), "type": mode}


def message(event: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bytes:
    """One event, or a batch of them, as it is published."""
    return json.dumps(event, separators=(",", ":")).encode("ascii")


def heartbeat(at_us: int, number: int, *, reads: int, antennas: Mapping[int, bool]) -> bytes:
    """A health event of the management topic, with the read counter that losses are told by."""
    states = {str(port): "connected" if on else "disconnected" for port, on in antennas.items()}
    radio = {"status": "running", "numTagReads": reads, "antennas": states}
    return _health("heartbeat", at_us, number, {"radio_control": radio})


def hello(at_us: int, number: int) -> bytes:
    return _health("hello", at_us, number, {})


def error(at_us: int, number: int, text: str) -> bytes:
    return _health("error", at_us, number, {"message": text})


def _health(kind: str, at_us: int, number: int, data: Mapping[str, Any]) -> bytes:
    return message({"type": kind, "timestamp": _stamp(at_us), "component": "RC", "eventNum": number, "data": data})


def _stamp(at_us: int) -> str:
    return utc_text(at_us - at_us % MILLISECOND, 3) + "+0000"
