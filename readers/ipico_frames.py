"""IPICO frames, written: tag lines, binary records, control frames, and their check digits.

The other side of the wire: simulators and round-trip tests speak with it. What the engine itself may send to a reader
is not here but in `readers.ipico_requests`. Source: IPICO reader serial protocol 1.00 of 2007-11-20 (tag message
formats, control frames) and public packet captures of a 2013 Lite; see docs/readers_ipico.md. Knows no clock
and no port.

Stamps are the reader's own clock in microseconds since 1970-01-01 00:00:00 of that clock, as `ChipRead.stamp_us`;
they are written to the hundredth below. The century is dropped on the wire: years 1970 to 2069 come back.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

ENDING: Final = b"\r\n"
CENTIMAL_US: Final = 10_000
"""The reader's resolution: a hundredth of a second."""

CLOCK_SET: Final = 0x01
CLOCK: Final = 0x02
STATISTICS: Final = 0x0A
CONFIG3: Final = 0x09
FORMAT: Final = 0x11
GUN: Final = 0x2C
BANNER: Final = 0x37
MEMORY: Final = 0x4B
CLOCK_WAS_SET: Final = 0x4C
QUERY_LENGTH: Final = 0xFF

CLOCK_ACTS_AFTER_US: Final = 490_000
"""A reader that is told a second shows it from the next roll-over of its hundredths, which it sets to about 52: 0.48
to 0.50 s after the request (captures of a 2013 Lite)."""

PAGE_RECORDS: Final = 0x058F
"""Records on a page of the memory; the captured reader has 90 pages, room for 128,070."""

REFUSALS: Final[dict[int, str]] = {
    0xF0: "bad length",
    0xF1: "bad check digits",
    0xF2: "unknown instruction",
    0xF4: "unsupported command",
    0xF5: "unsupported sub-command",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAG: Final = re.compile(r"[0-9a-fA-F]{12}")


def lrc(text: bytes) -> int:
    """Sum of the bytes modulo 256: of the characters between header and check digits, as sent."""
    return sum(text) & 0xFF


def stamp_fields(stamp_us: int) -> tuple[datetime, int]:
    """The wall-clock second a stamp falls in, and its hundredths.

    Raises: ValueError when the year is not from 1970 to 2069: the wire could not say it.
    """
    moment = _EPOCH + timedelta(microseconds=stamp_us)
    if not 1970 <= moment.year < 2070:
        raise ValueError(f"an IPICO reader cannot show the year {moment.year}")
    return moment, moment.microsecond // CENTIMAL_US


def stamp_text(stamp_us: int) -> str:
    """YYMMDDHHMMSS in decimal digits, then the hundredths in hexadecimal: 14 characters."""
    moment, centimals = stamp_fields(stamp_us)
    return f"{moment:%y%m%d%H%M%S}{centimals:02x}"


def tag_line(
    tag: str,
    stamp_us: int,
    *,
    reader_id: int = 0,
    i: int = 0,
    q: int = 1,
    tto: tuple[int, int, int] | None = None,
    suffix: str = "",
) -> bytes:
    """A tag record in ASCII with CR LF: 36 characters, 42 with `tto` (index, page, status), and two for `suffix`.

    Args:
        tag: 12 hexadecimal digits, upper or lower case; written in lower case as readers do.
        i, q: how often the tag was decoded on each channel; more than 255 is written as 255.
        suffix: empty, `FS`, `LS`, `BS` or `RR`.
    Raises: ValueError when the tag is not 12 hexadecimal digits, or the year cannot be written.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError(f"an IPICO tag is 12 hexadecimal digits, not {tag!r}")
    extra = "" if tto is None else f"{tto[0]:02x}{tto[1]:02x}{tto[2]:02x}"
    body = f"{reader_id:02x}{tag.lower()}{min(i, 255):02x}{min(q, 255):02x}{stamp_text(stamp_us)}{extra}".encode()
    return b"aa" + body + b"%02x" % lrc(body) + suffix.encode() + ENDING


def trident_line(
    tag: str,
    stamp_us: int,
    *,
    letter: str = "A",
    receiver: int = 0,
    count: int = 1,
    kind: str = "FS",
    signal: int = 0,
) -> bytes:
    """A Trident "Time Machine" line with CR LF: 40 characters, no check digits, signal strength at the end."""
    if not _TAG.fullmatch(tag):
        raise ValueError(f"a tag is 12 hexadecimal digits, not {tag!r}")
    who = f"{letter}{receiver % 10}{tag.lower()}{min(count, 0xFFFF):04x}"
    return f"aa{who}{stamp_text(stamp_us)}00{kind}{signal & 0xFF:02x}".encode() + ENDING


def short_page(page: bytes, *, reader_id: int = 0, i: int = 0, q: int = 1, index: int = 0, number: int = 1) -> bytes:
    """A tag's data page in the short form with CR LF: header `ae`, eight bytes of user data, no date and no time."""
    body = f"{reader_id:02x}{page[:8].ljust(8, bytes(1)).hex()}{i:02x}{q:02x}{index:02x}{number:02x}".encode()
    return b"ae" + body + b"%02x" % lrc(body) + ENDING


def _bcd(number: int) -> int:
    return number // 10 * 16 + number % 10


def binary_tag(
    tag: str,
    stamp_us: int,
    *,
    reader_id: int = 0,
    i: int = 0,
    q: int = 1,
    tto: tuple[int, int, int] | None = None,
) -> bytes:
    """A tag record in the binary form, with CR LF: date and time in BCD, hundredths binary."""
    moment, centimals = stamp_fields(stamp_us)
    when = (moment.year % 100, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    body = bytes([reader_id, *bytes.fromhex(tag), min(i, 255), min(q, 255), *map(_bcd, when), centimals, *(tto or ())])
    return b"\xaa" + body + bytes([lrc(body)]) + ENDING


def control(instruction: int, content: bytes = b"", *, reader_id: int = 0, query: bool = False) -> bytes:
    """A control frame `ab` with CR LF. No content is an ACK or a plain question; `query` writes the length `ff`."""
    length = QUERY_LENGTH if query else len(content)
    body = f"{reader_id:02x}{length:02x}{instruction:02x}{content.hex()}".encode()
    return b"ab" + body + b"%02x" % lrc(body) + ENDING


def unchecked_control(instruction: int, content: bytes = b"", *, reader_id: int = 0, query: bool = False) -> bytes:
    """A request with header `ac`, which a reader takes without check digits."""
    length = QUERY_LENGTH if query else len(content)
    return f"ac{reader_id:02x}{length:02x}{instruction:02x}{content.hex()}".encode() + ENDING


def clock_content(stamp_us: int, *, config: int = 0x27) -> bytes:
    """The nine bytes of a clock: BCD date, day of week (Monday 1 to Saturday 6, Sunday 0), BCD time, hundredths."""
    moment, centimals = stamp_fields(stamp_us)
    weekday = moment.isoweekday() % 7
    date = (_bcd(moment.year % 100), _bcd(moment.month), _bcd(moment.day))
    return bytes([*date, weekday, _bcd(moment.hour), _bcd(moment.minute), _bcd(moment.second), centimals, config])


def clock_reply(stamp_us: int, *, reader_id: int = 0, config: int = 0x27) -> bytes:
    """The answer to a clock query, with CR LF."""
    return control(CLOCK, clock_content(stamp_us, config=config), reader_id=reader_id)


def set_clock_request(stamp_us: int) -> bytes:
    """Sets the clock to a whole second: sent by a command of a person (`readers.clock_setting`), by no driver.

    Seven bytes, as a clock's without hundredths and config (reader serial protocol 1.00, instruction 01).
    Raises: ValueError when it is no whole second, or the year cannot be written.
    """
    if stamp_us % 1_000_000:
        raise ValueError("an IPICO reader is set to a whole second")
    return control(CLOCK_SET, clock_content(stamp_us)[:7])


def gun_frame(stamp_us: int, *, reader_id: int = 0, config: int = 0x27, extra: int = 0x82) -> bytes:
    """The trigger button, sent by the reader unasked. The meaning of the last byte is unknown (0x82 was captured)."""
    return control(GUN, clock_content(stamp_us, config=config) + bytes([extra]), reader_id=reader_id)


def memory_status(
    *, recording: bool = True, downloading: bool = False, done: int = 0, total: int = 0, reader_id: int = 0
) -> bytes:
    """The answer to every `4b` command: state, records in the memory, records of it sent by the present download.

    A count is a page and a place in it; the records of a page stand in bytes 9 and 10. Inferred from a captured
    download of 4,116 records: 364 sent were shown as 00 016c, 1,607 as 01 00b8, all as 02 04f6, with pages of 058f.
    """
    page = max(PAGE_RECORDS, -(-max(total, done) // 0xFF))
    state = 0x03 if downloading else 0x01 if recording else 0x00
    counts = b"".join(bytes([count // page]) + (count % page).to_bytes(2, "big") for count in (total, done))
    stored = 0x03 if total else 0x01
    content = bytes([state]) + counts + bytes([0, 0x59]) + page.to_bytes(2, "big") + bytes([stored])
    return control(MEMORY, content, reader_id=reader_id)


def memory_counts(content: bytes) -> tuple[int, int]:
    """Records sent and records in the memory, of the content of a `4b` answer (11 bytes or more; see `memory_status`).

    Fewer bytes, or a page without a size, give the three bytes of each count as one number: still equal at the end.
    """
    page = int.from_bytes(content[9:11], "big") or 0x1_0000
    total, done = (content[at] * page + int.from_bytes(content[at + 1 : at + 3], "big") for at in (1, 4))
    return done, total


def format_reply(*, tto: bool = False, mask: int | None = None, separator: int = 0, reader_id: int = 0) -> bytes:
    """The answer to a query of the record format: fields, bytes of the tag, headers, trailer, separator."""
    fields = (0xFF if tto else 0x7F) if mask is None else mask
    return control(FORMAT, bytes([fields, 0xFC]) + b"aa\xaa\0" + ENDING + bytes([separator]), reader_id=reader_id)


def refusal(code: int = 0xF2, *, reader_id: int = 0) -> bytes:
    """An error answer: one of `REFUSALS`."""
    return control(code, reader_id=reader_id)
