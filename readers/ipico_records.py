"""One IPICO record, read: a line of text or a binary frame becomes an event, or the reason why it does not.

Everything is verified before anything is believed: length, digits, check digits over the text as received, and the
ranges of date and time. Source: IPICO reader serial protocol 1.00, sections 1.1 (tag records) and 7.15 (formats); the
two-letter suffixes and the 40-character line from makers of compatible readers; see docs/readers_ipico.md.
Knows nothing of how records are cut out of a stream.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from readers.errors import ReaderError
from readers.events import StatusKind, StatusSeen
from timing.instants import SECOND
from timing.reads import ChipRead, Tag

BAD_LRC: Final = "check digits do not match"
BAD_TIME: Final = "impossible date or time"
NO_RECORD: Final = "not a record"

_CACHE_MAX: Final = 65_536
"""Seconds, tags and labels remembered as text; then forgotten and learnt anew. More than a race has tags."""

_TAG_36: Final = re.compile(rb"aa([0-9a-f]{2})([0-9a-f]{12})[0-9a-f]{4}([0-9]{12})([0-6][0-9a-f])([0-9a-f]{2})")
_TAG_ANY: Final = re.compile(
    rb"[aA]{2}([0-9a-fA-F]{2})([0-9a-fA-F]{12})[0-9a-fA-F]{4}([0-9]{12})([0-9a-fA-F]{2})"
    rb"([0-9a-fA-F]{6})?([0-9a-fA-F]{2})(?:FS|LS|BS|RR)?"
)
_TRIDENT: Final = re.compile(
    rb"[aA]{2}([A-Za-z][0-9])([0-9a-fA-F]{12})[0-9a-fA-F]{4}([0-9]{12})([0-9a-fA-F]{2})00(?:FS|LS|BS|RR)([0-9a-fA-F]{2})"
)
_CONTROL: Final = re.compile(rb"(?:[aA][aAbB])([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]*)")
_UNCHECKED: Final = re.compile(rb"(?:[aA][cC])([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]*)")
_PAGE: Final = re.compile(rb"[aA][eE](?:[0-9a-fA-F]{2}){10,16}")
_LRC_TEXT: Final = tuple(b"%02x" % value for value in range(256))
_CENTIMAL_US: Final = {b"%02x" % value: value * 10_000 for value in range(100)}


class _NoSuchTime(ReaderError):
    """Inside this module: digits that are no date or time of day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFrame:
    """A verified control frame: an answer, something the reader says unasked, or another host's request."""

    instruction: int
    content: bytes
    label: str
    query: bool = False
    raw: str = ""


def century(year: int) -> int:
    """The year of two digits: 1970 to 2069."""
    return year + (1900 if year >= 70 else 2000)


def second_us(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int | None:
    """A second as a stamp, or None when there is no such date or time of day. `year` has two digits."""
    try:
        moment = datetime(century(year), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * SECOND


def _from_bcd(value: int) -> int:
    """Raises: _NoSuchTime when a half of the byte is more than 9."""
    if value & 0x0F > 9 or value >> 4 > 9:
        raise _NoSuchTime
    return (value >> 4) * 10 + (value & 0x0F)


def bcd_stamp(when: bytes, centimals: int) -> int | None:
    """The stamp of six BCD bytes (date, time) and binary hundredths, or None when impossible."""
    if centimals > 99:
        return None
    try:
        second = second_us(*map(_from_bcd, when))
    except _NoSuchTime:
        return None
    return None if second is None else second + centimals * 10_000


def clock_stamp(content: bytes) -> int | None:
    """The stamp of a clock answer or gun frame (date, day of week, time, hundredths), or None when impossible."""
    if len(content) < 8:
        return None
    return bcd_stamp(content[:3] + content[4:7], content[7])


def control_frame(line: bytes) -> ControlFrame | None:
    """The control frame a line is, verified, or None. `ac` requests carry no check digits; nor can they be damaged
    unseen into an answer: they are never taken for one.

    Very early firmware answers with header `aa`; a length that fits and right check digits tell those apart.
    """
    found = _CONTROL.fullmatch(line)
    checked = found is not None
    if found is None:
        found = _UNCHECKED.fullmatch(line)
        if found is None:
            return None
    label, length, instruction, rest = found.groups()
    if checked:
        if len(rest) < 2 or _LRC_TEXT[sum(line[2:-2]) & 0xFF] != line[-2:].lower():
            return None
        rest = rest[:-2]
    query = length.lower() == b"ff"
    if len(rest) != (0 if query else 2 * int(length, 16)):
        return None
    return ControlFrame(
        instruction=int(instruction, 16),
        content=bytes.fromhex(rest.decode()),
        label=label.decode().lower(),
        query=query or not checked,
        raw=line.decode(),
    )


def control_span(text: bytes) -> int:
    """How many characters the control frame that begins here would have; 0 when none begins here."""
    found = re.match(rb"[aA][aAbB][0-9a-fA-F]{2}([0-9a-fA-F]{2})[0-9a-fA-F]{4}", text)
    if found is None:
        return 0
    length = int(found[1], 16)
    return 10 + (0 if length == 0xFF else 2 * length)


class RecordDecoder:
    """Tag records into reads. Remembers seconds, tags and labels it has seen, which is what makes it fast."""

    __slots__ = ("_labels", "_seconds", "_tags", "keep_raw")

    def __init__(self, *, keep_raw: bool = False) -> None:
        """`keep_raw`: reads carry their record as text, too."""
        self.keep_raw = keep_raw
        self._seconds: dict[bytes, int | None] = {}
        self._tags: dict[bytes, Tag] = {}
        self._labels: dict[bytes, str] = {}

    def standard(self, line: bytes, received_us: int) -> ChipRead | None:
        """The read of a record of 36 characters in lower case, the form nearly all have; None: look closer."""
        found = _TAG_36.fullmatch(line)
        if found is None:
            return None
        label, tag, second, centimals, check = found.groups()
        start_us = self._second(second)
        part_us = _CENTIMAL_US.get(centimals)
        if start_us is None or part_us is None or _LRC_TEXT[sum(line[2:34]) & 0xFF] != check:
            return None
        return ChipRead(
            tag=self._tag(tag),
            stamp_us=start_us + part_us,
            received_us=received_us,
            label=self._label(label),
            raw=line.decode() if self.keep_raw else None,
        )

    def any_form(self, line: bytes, received_us: int) -> ChipRead | StatusSeen | str:
        """The read of a tag record of any length, a record that is not a passing, or why it is neither."""
        found = _TAG_ANY.fullmatch(line)
        if found is None:
            return NO_RECORD
        label, tag, second, centimals, tto, check = found.groups()
        end = 34 if tto is None else 40
        if _LRC_TEXT[sum(line[2:end]) & 0xFF] != check.lower():
            return BAD_LRC
        return self._passing(line, label, tag, self._stamp(second, centimals), tto, received_us)

    def trident(self, line: bytes, received_us: int) -> ChipRead | str:
        """The read of a 40-character line with a letter in the reader's place, which has no check digits."""
        found = _TRIDENT.fullmatch(line)
        if found is None:
            return NO_RECORD
        label, tag, second, centimals, signal = found.groups()
        stamp_us = self._stamp(second, centimals)
        if stamp_us is None:
            return BAD_TIME
        return ChipRead(
            tag=self._tag(tag),
            stamp_us=stamp_us,
            received_us=received_us,
            label=self._label(label),
            rssi=float(int(signal, 16)),
            raw=line.decode() if self.keep_raw else None,
        )

    def page(self, line: bytes) -> StatusSeen | None:
        """A data page in the short form `ae`, verified: what a tag stores, without date or time."""
        if _PAGE.fullmatch(line) is None or _LRC_TEXT[sum(line[2:-2]) & 0xFF] != line[-2:].lower():
            return None
        return StatusSeen(kind=StatusKind.TAG_DATA, text="data page of a tag, not a passing", raw=line.decode())

    def binary(self, frame: bytes, received_us: int) -> ChipRead | StatusSeen | str:
        """The read of a binary record: 18 bytes from the header 0xaa to the check digits, or 21 with TTO."""
        stamp_us = bcd_stamp(frame[10:16], frame[16])
        if sum(frame[1:-1]) & 0xFF != frame[-1]:
            return BAD_LRC
        tto = frame[17:20].hex().encode() if len(frame) == 21 else None
        label, tag = frame[1:2].hex().encode(), frame[2:8].hex().encode()
        return self._passing(frame.hex().encode(), label, tag, stamp_us, tto, received_us)

    def laid_out(self, found: re.Match[bytes], received_us: int) -> ChipRead | StatusSeen | str:
        """The read of a record in a configured layout (`readers.ipico_layout`), its check digits verified already."""
        fields = found.groupdict()
        stamp_us = self._stamp(fields["date"] + fields["time"], fields.get("centimals") or b"00")
        label = fields.get("reader")
        return self._passing(found[0], label, fields["tag"], stamp_us, fields.get("tto"), received_us)

    def _passing(
        self, line: bytes, label: bytes | None, tag: bytes, stamp_us: int | None, tto: bytes | None, received_us: int
    ) -> ChipRead | StatusSeen | str:
        if tto is not None and int(tto[2:4], 16) > 0:
            return StatusSeen(kind=StatusKind.TAG_DATA, text="data page of a tag, not a passing", raw=line.decode())
        if stamp_us is None:
            return BAD_TIME
        return ChipRead(
            tag=self._tag(tag),
            stamp_us=stamp_us,
            received_us=received_us,
            label=None if label is None else self._label(label),
            raw=line.decode() if self.keep_raw else None,
        )

    def _stamp(self, second: bytes, centimals: bytes) -> int | None:
        start_us = self._second(second)
        part_us = _CENTIMAL_US.get(centimals.lower())
        return None if start_us is None or part_us is None else start_us + part_us

    def _second(self, text: bytes) -> int | None:
        try:
            return self._seconds[text]
        except KeyError:
            if len(self._seconds) >= _CACHE_MAX:
                self._seconds.clear()
            numbers = (int(text[place : place + 2]) for place in range(0, 12, 2))
            value = self._seconds[bytes(text)] = second_us(*numbers)
            return value

    def _tag(self, text: bytes) -> Tag:
        try:
            return self._tags[text]
        except KeyError:
            if len(self._tags) >= _CACHE_MAX:
                self._tags.clear()
            value = self._tags[bytes(text)] = Tag(text.decode().upper())
            return value

    def _label(self, text: bytes) -> str:
        try:
            return self._labels[text]
        except KeyError:
            value = self._labels[bytes(text)] = text.decode().lower()
            return value
