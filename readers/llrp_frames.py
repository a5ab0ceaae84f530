"""LLRP messages as a reader sends them, for simulators and tests, and the building blocks of ours.

Big-endian throughout. Sections are of LLRP 1.0.1. Samples: recorded messages of an Impinj reader, firmware 5.14.0.240
(`tests/readers/llrp_samples.json`).
"""

import struct
from typing import Final

from readers.llrp_words import HEADER_BYTES, VERSION_1, Message, Par, SpecState, Tv

EPC_96_DIGITS: Final = 24


def message(kind: int, message_id: int, body: bytes = b"", *, version: int = VERSION_1) -> bytes:
    """A whole message (section 16.1): `04 3e 0000000a 00000005` is KEEPALIVE number 5."""
    return struct.pack(">HII", version << 10 | kind, HEADER_BYTES + len(body), message_id) + body


def tlv(kind: int, body: bytes = b"") -> bytes:
    """A parameter with a length, its own 4 bytes included."""
    return struct.pack(">HH", kind, 4 + len(body)) + body


def tv(kind: int, body: bytes) -> bytes:
    """A parameter without a length."""
    return bytes([0x80 | kind]) + body


def epc(tag: str) -> bytes:
    """EPC-96 (TV 13) for 24 hexadecimal digits, else EPCData (241) with its number of bits.

    Raises: ValueError when the tag is no hexadecimal number of 1 to 124 digits.
    """
    if not 1 <= len(tag) <= 124:
        raise ValueError(f"a tag of {len(tag)} digits; an EPC has 1 to 124")
    content = bytes.fromhex(tag + "0" * (len(tag) % 2))
    if len(tag) == EPC_96_DIGITS:
        return tv(Tv.EPC_96, content)
    return tlv(Par.EPC_DATA, struct.pack(">H", 4 * len(tag)) + content)


def tag_report(
    tag: str,
    first_seen_us: int | None,
    *,
    last_seen_us: int | None = None,
    antenna: int | None = None,
    rssi: int | None = None,
    count: int | None = None,
    spec_id: int | None = None,
    uptime: bool = False,
    more: bytes = b"",
) -> bytes:
    """TagReportData (240): `f0001f 8d.. 81.. 86.. 82..` as recorded. `uptime`: times since power-on, not UTC.

    `more`: parameters after the ones we know. Raises: ValueError, struct.error for what the wire cannot say.
    """
    first, last = (Tv.FIRST_SEEN_UPTIME, Tv.LAST_SEEN_UPTIME) if uptime else (Tv.FIRST_SEEN_UTC, Tv.LAST_SEEN_UTC)
    body = epc(tag)
    if spec_id is not None:
        body += tv(Tv.RO_SPEC_ID, struct.pack(">I", spec_id))
    if antenna is not None:
        body += tv(Tv.ANTENNA_ID, struct.pack(">H", antenna))
    if rssi is not None:
        body += tv(Tv.PEAK_RSSI, struct.pack(">b", rssi))
    if first_seen_us is not None:
        body += tv(first, struct.pack(">Q", first_seen_us))
    if last_seen_us is not None:
        body += tv(last, struct.pack(">Q", last_seen_us))
    if count is not None:
        body += tv(Tv.TAG_SEEN_COUNT, struct.pack(">H", count))
    return tlv(Par.TAG_REPORT_DATA, body + more)


def report(*tags: bytes, message_id: int = 0) -> bytes:
    """RO_ACCESS_REPORT (61). Without tags it is legal: `04 3d 0000000a 00000000`."""
    return message(Message.RO_ACCESS_REPORT, message_id, b"".join(tags))


def event(content: bytes, *, utc_us: int | None, uptime_us: int = 0, message_id: int = 0) -> bytes:
    """READER_EVENT_NOTIFICATION (63) with the reader's time: UTC, or its uptime when it has no calendar."""
    stamp = (
        tlv(Par.UPTIME, struct.pack(">Q", uptime_us))
        if utc_us is None
        else tlv(Par.UTC_TIMESTAMP, struct.pack(">Q", utc_us))
    )
    body = tlv(Par.READER_EVENT_NOTIFICATION_DATA, stamp + content)
    return message(Message.READER_EVENT_NOTIFICATION, message_id, body)


def attempt(outcome: int = 0) -> bytes:
    """ConnectionAttemptEvent: 0 welcome; others in `llrp_words.ATTEMPTS`."""
    return tlv(Par.CONNECTION_ATTEMPT_EVENT, struct.pack(">H", outcome))


def spec_event(kind: int, spec_id: int) -> bytes:
    """ROSpecEvent: 0 started, 1 ended, 2 preempted."""
    return tlv(Par.RO_SPEC_EVENT, struct.pack(">BII", kind, spec_id, 0))


def antenna_event(antenna: int, *, connected: bool) -> bytes:
    return tlv(Par.ANTENNA_EVENT, struct.pack(">BH", connected, antenna))


def buffer_warning(percent: int) -> bytes:
    return tlv(Par.REPORT_BUFFER_LEVEL_WARNING, bytes([percent]))


def exception_event(text: str) -> bytes:
    return tlv(Par.READER_EXCEPTION_EVENT, _text(text))


def keepalive(message_id: int) -> bytes:
    return message(Message.KEEPALIVE, message_id)


def status(code: int = 0, text: str = "") -> bytes:
    """LLRPStatus (287): 0 success."""
    return tlv(Par.LLRP_STATUS, struct.pack(">H", code) + _text(text))


def answer(kind: int, message_id: int, code: int = 0, text: str = "", more: bytes = b"") -> bytes:
    """Any answer: its status, then what was asked for."""
    return message(kind, message_id, status(code, text) + more)


def capabilities(
    *, antennas: int = 4, utc: bool = True, maker: int = 25882, model: int = 2001002, firmware: str = "5.14.0.240"
) -> bytes:
    """GeneralDeviceCapabilities (137), as recorded, with the shortest tables that the standard allows."""
    flags = 0x4000 if utc else 0
    head = struct.pack(">HHII", antennas, flags, maker, model) + _text(firmware)
    sensitivity = tlv(Par.RECEIVE_SENSITIVITY_TABLE_ENTRY, struct.pack(">HH", 1, 0))
    inputs = tlv(Par.GPIO_CAPABILITIES, struct.pack(">HH", 4, 4))
    each = b"".join(tlv(Par.PER_ANTENNA_AIR_PROTOCOL, struct.pack(">HHB", n + 1, 1, 1)) for n in range(antennas))
    return tlv(Par.GENERAL_DEVICE_CAPABILITIES, head + sensitivity + inputs + each)


def spec(spec_id: int, state: int = SpecState.DISABLED, content: bytes = b"") -> bytes:
    """ROSpec (177): id, priority 0, state, and its parameters."""
    return tlv(Par.RO_SPEC, struct.pack(">IBB", spec_id, 0, state) + content)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded
