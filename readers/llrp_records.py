"""LLRP parameters into what they say. Pure; None (or no items) where the bytes do not fit, never an exception.

A reader's content selector makes every field of a report optional; order is free but for nothing we need. Sections
are of LLRP 1.0.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from readers.llrp_words import MAKERS, STATUS_WORDS, TLV_MIN, TV_BYTES, Par, Tv
from timing.reads import ChipRead, Tag

_UTC_CLOCK: Final = 0x4000
_TV_FLAG: Final = 0x80
TLV_MAX: Final = 0x3FF
"""10 bits of type; the six before them are 0."""


class Piece(NamedTuple):
    """One parameter inside a larger one: its type (TV types are below 128) and what it contains."""

    kind: int
    content: bytes


def pieces(data: bytes) -> list[Piece] | None:
    """The parameters that fill `data` exactly, or None when they do not."""
    found: list[Piece] = []
    at, end = 0, len(data)
    while at < end:
        first = data[at]
        if first & _TV_FLAG:
            size = TV_BYTES.get(first & 0x7F, -1)
            begin, at = at + 1, at + 1 + size
            if size < 0 or at > end:
                return None
            found.append(Piece(first & 0x7F, data[begin:at]))
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        kind = int.from_bytes(data[at : at + 2], "big")
        if not TLV_MIN <= kind <= TLV_MAX or size < 4 or at + size > end:
            return None
        found.append(Piece(kind, data[at + 4 : at + size]))
        at += size
    return found


def known(data: bytes) -> Iterator[Piece]:
    """The parameters with a length that `data` begins with, up to the first that does not fit: for what informs."""
    at, end = 0, len(data)
    while at + 4 <= end:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 4 or at + size > end:
            return
        yield Piece(int.from_bytes(data[at : at + 2], "big"), data[at + 4 : at + size])
        at += size


def tag_reads(content: bytes, received_us: int, raw: str | None = None) -> list[ChipRead] | str:
    """The reads of one TagReportData (section 13.1.3.1), or what is wrong with it.

    One read of the moment first seen. When the reader gathers several before it reports (count and a later moment
    last seen), a second one of the moment last seen: with readers that gather for ever the first never changes, and
    only the last tells of a new crossing (*inferred* from public notes about Zebra readers; nothing says which of the
    moments the peak signal belongs to).
    """
    found = pieces(content)
    if found is None:
        return "a tag report with parameters that do not fit"
    of: dict[int, bytes] = {}
    for piece in found:
        of.setdefault(piece.kind, piece.content)
    tag = _epc(of)
    if tag is None:
        return "a tag report without an EPC"
    first, last = of.get(Tv.FIRST_SEEN_UTC), of.get(Tv.LAST_SEEN_UTC)
    if first is None and last is None:
        first, last = of.get(Tv.FIRST_SEEN_UPTIME), of.get(Tv.LAST_SEEN_UPTIME)
    stamps = sorted({int.from_bytes(stamp, "big") for stamp in (first, last) if stamp is not None})
    if not stamps:
        return "a tag report without a time"
    if stamps[-1] > STAMP_MAX:
        return "a tag report with an impossible time"
    antenna, rssi = of.get(Tv.ANTENNA_ID), of.get(Tv.PEAK_RSSI)
    return [
        ChipRead(
            tag=tag,
            stamp_us=stamp,
            received_us=received_us,
            antenna=None if antenna is None else int.from_bytes(antenna, "big"),
            rssi=None if rssi is None else float(int.from_bytes(rssi, "big", signed=True)),
            raw=raw,
        )
        for stamp in stamps
    ]


STAMP_MAX: Final = 253_402_300_799_999_999
"""The last microsecond of the year 9999: beyond, columns and calendars end."""


def _epc(of: dict[int, bytes]) -> Tag | None:
    """EPC-96, or EPCData: a number of bits, and the bytes that hold them; as many digits as the bits need."""
    if (whole := of.get(Tv.EPC_96)) is not None:
        return Tag(whole.hex().upper())
    data = of.get(Par.EPC_DATA, b"")
    bits = int.from_bytes(data[:2], "big")
    if len(data) < 3 or not bits or len(data) - 2 < (bits + 7) // 8:
        return None
    return Tag(data[2:].hex().upper()[: (bits + 3) // 4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """LLRPStatus (section 14.2.2): 0 is yes."""

    code: int
    text: str

    @property
    def words(self) -> str:
        word = STATUS_WORDS.get(self.code, f"code {self.code}")
        return f"{word}: {self.text}" if self.text else word


def status_of(body: bytes) -> Status | None:
    """The status that begins every answer."""
    for piece in known(body):
        if piece.kind == Par.LLRP_STATUS and len(piece.content) >= 2:
            return Status(code=int.from_bytes(piece.content[:2], "big"), text=_text(piece.content[2:]))
    return None


class Event(NamedTuple):
    """READER_EVENT_NOTIFICATION (section 13.1.6): the reader's time then, and what happened."""

    stamp_us: int | None
    utc: bool
    happened: list[Piece]


def event_of(body: bytes) -> Event | None:
    found = pieces(body)
    data = [piece.content for piece in found or () if piece.kind == Par.READER_EVENT_NOTIFICATION_DATA]
    inside = pieces(data[0]) if data else None
    if inside is None:
        return None
    stamp, utc, happened = None, False, []
    for piece in inside:
        if piece.kind in (Par.UTC_TIMESTAMP, Par.UPTIME) and len(piece.content) == 8:
            stamp, utc = int.from_bytes(piece.content, "big"), piece.kind == Par.UTC_TIMESTAMP
        else:
            happened.append(piece)
    return Event(stamp if stamp is not None and stamp <= STAMP_MAX else None, utc, happened)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """GeneralDeviceCapabilities (section 9.2.1)."""

    antennas: int
    utc_clock: bool
    maker: int
    model: int
    firmware: str

    @property
    def words(self) -> str:
        maker = MAKERS.get(self.maker, f"maker {self.maker}")
        clock = "UTC clock" if self.utc_clock else "no calendar"
        return f"{maker} model {self.model}, firmware {self.firmware}, {self.antennas} antennas, {clock}"


def capabilities_of(body: bytes) -> Capabilities | None:
    for piece in known(body):
        content = piece.content
        if piece.kind == Par.GENERAL_DEVICE_CAPABILITIES and len(content) >= 14:
            return Capabilities(
                antennas=int.from_bytes(content[:2], "big"),
                utc_clock=bool(int.from_bytes(content[2:4], "big") & _UTC_CLOCK),
                maker=int.from_bytes(content[4:8], "big"),
                model=int.from_bytes(content[8:12], "big"),
                firmware=_text(content[12:]),
            )
    return None


def specs_of(body: bytes) -> dict[int, int]:
    """The inventories (ROSpecs) a reader has: number and state, of GET_ROSPECS_RESPONSE."""
    return {
        int.from_bytes(piece.content[:4], "big"): piece.content[5]
        for piece in known(body)
        if piece.kind == Par.RO_SPEC and len(piece.content) >= 6
    }


def text_of(content: bytes) -> str:
    """A text with its length before it, as in ReaderExceptionEvent."""
    return _text(content)


def _text(content: bytes) -> str:
    size = int.from_bytes(content[:2], "big")
    return content[2 : 2 + size].decode("utf-8", "replace")
