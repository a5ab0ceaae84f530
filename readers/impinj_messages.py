"""Messages as an Impinj R700 publishes them: for simulators and tests. What the decoder reads is written here."""

import base64
import json
from typing import Any

from readers.iso_stamps import utc_text
from timing.reads import ChipRead


def tag_event(read: ChipRead, *, made_us: int | None = None, hostname: str | None = None, digits: int = 6) -> bytes:
    """A tagInventory event. `made_us`: when the event was made; else the read's own time. `digits`: of both times."""
    code = bytes.fromhex(str(read.tag))
    event: dict[str, Any] = {"epc": base64.b64encode(code).decode("ascii"), "epcHex": code.hex().upper()}
    if read.antenna is not None:
        event["antennaPort"] = read.antenna
    if read.rssi is not None:
        event["peakRssiCdbm"] = round(read.rssi * 100)
    event["lastSeenTime"] = utc_text(read.stamp_us, digits) + "Z"
    return _event("tagInventory", "tagInventoryEvent", event, made_us or read.stamp_us, hostname, digits)


def inventory_event(status: str, made_us: int, *, hostname: str | None = None) -> bytes:
    """An inventoryStatus event: `running`, `idle` ..."""
    return _event("inventoryStatus", "inventoryStatusEvent", {"inventoryStatus": status}, made_us, hostname, 3)


def batch(events: list[bytes]) -> bytes:
    """Several events as one array, as the reader's webhook sends them; none: its keep-alive."""
    return b"[" + b",".join(events) + b"]"


def _event(kind: str, key: str, body: dict[str, Any], made_us: int, hostname: str | None, digits: int) -> bytes:
    event: dict[str, Any] = {"timestamp": utc_text(made_us, digits) + "Z"}
    if hostname is not None:
        event["hostname"] = hostname
    event |= {"eventType": kind, key: body}
    return json.dumps(event, separators=(",", ":")).encode("ascii")
