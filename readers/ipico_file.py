"""Files of IPICO lines: what a reader's port gave, kept as text, or a download of its memory.

Owns how such a line reads (docs/read_logs.md): tag records of 36, 38, 42 or 44 characters, Trident records of 40, and
trigger frames, which are guns. `record` is what a line means; `IpicoFile` does the same to whole blocks at once and
gives `record` the lines that are not plain.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from readers.digits import DECIMAL_PAIRS, HEX_PAIRS
from readers.file_columns import BadLines, FileColumns
from readers.known_tags import expect_known_tags
from readers.line_blocks import LINE_MAX, NEWLINE, RETURN, Block, UInt64
from readers.text_column import TextColumn
from timing.instants import SECOND, instant_of
from timing.reads import Bool, Float32, Int16, Int64, Names, same_for_all

TICK_US: Final = 10_000
"""The reader's clock counts hundredths."""

_RECORD: Final = re.compile(r"aa", re.IGNORECASE)
_TRIGGER: Final = re.compile(r"ab....2c", re.IGNORECASE)
_OTHER_FRAME: Final = re.compile(r"a[bce]", re.IGNORECASE)
"""Answers, requests, and the short form of a tag data page, which has no time."""
_HEX_RUN: Final = re.compile(r"[0-9a-fA-F]{24}")
_KNOWN_TAG: Final = re.compile(r"[0-9A-F]{12}")
_HEX_TAG: Final = re.compile(r"[0-9a-fA-F]{12}")
_HEX_PAIR: Final = re.compile(r"[0-9a-fA-F]{2}")
_SUFFIX: Final = re.compile(r"[A-Za-z]{2}")
_TRIDENT_READER: Final = re.compile(r"[A-Za-z][0-9]")
_DIGITS: Final = re.compile(r"[0-9]+")
_TRIGGER_LENGTH: Final = 30

_LANES: Final = np.uint64(0x00FF00FF00FF00FF)
_ALL_LANES: Final = np.uint64(0x0001000100010001)
_AFTER_HEADER: Final = np.uint64(0xFFFFFFFFFFFF0000)
_2_BYTES: Final = np.uint64(16)
_HALF: Final = np.uint64(32)
_PAIR: Final = np.uint64(0xFFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRecord:
    """One sight of a tag. `label`: the reader id in lower case; `rssi` only from Trident units."""

    label: str
    tag: str
    stamp_us: int
    rssi: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The trigger button: a gun."""

    label: str
    stamp_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGun:
    """A gun in a file; `stamp_us` is the reader's clock, as written."""

    file: str
    line: int
    label: str
    stamp_us: int


def record(line: str) -> TagRecord | Trigger | None:
    """What a line of a file says; None for text, other control frames, tag data pages and blank lines.

    Args: line: as received, each byte one character (Latin-1), with or without its line end.
    Raises: ValueError with the reason when it is a damaged record.
    """
    text = line.strip("\0 \t\r\n")
    if _RECORD.match(text):
        return _tag_record(text)
    if _TRIGGER.match(text):
        return _trigger(text)
    if not _OTHER_FRAME.match(text) and _HEX_RUN.search(text):
        raise ValueError("looks like a record without its beginning")
    return None


def checksum(body: str) -> int:
    """The LRC of the text between header and LRC: the sum of its characters, modulo 256."""
    return sum(body.encode("latin-1")) & 255


def _tag_record(text: str) -> TagRecord | None:
    if len(text) == 40 and _TRIDENT_READER.match(text[2:4]):
        return _trident_record(text)
    if len(text) not in (36, 38, 42, 44):
        raise ValueError(f"a tag record has 36, 38, 42 or 44 characters, not {len(text)}")
    with_data = len(text) >= 42
    end = 40 if with_data else 34
    _check_sum(text, end)
    if len(text) in (38, 44) and not _SUFFIX.fullmatch(text[-2:]):
        raise ValueError(f"ends in `{text[-2:]}` where two letters were expected")
    label = _hex_pair(text[2:4], "reader id")
    tag = _tag(text[4:16])
    if with_data and int(_hex_pair(text[36:38], "tag data page"), 16) > 0:
        return None
    return TagRecord(label=label, tag=tag, stamp_us=_stamp(text[20:34]))


def _trident_record(text: str) -> TagRecord:
    if text[34:36] != "00":
        raise ValueError(f"a Trident record has 00 for its checksum, not `{text[34:36]}`")
    if not _SUFFIX.fullmatch(text[36:38]):
        raise ValueError(f"has `{text[36:38]}` where the two letters of its type were expected")
    strength = int(_hex_pair(text[38:40], "signal strength"), 16)
    return TagRecord(label=text[2:4].lower(), tag=_tag(text[4:16]), stamp_us=_stamp(text[20:34]), rssi=float(strength))


def _trigger(text: str) -> Trigger:
    if len(text) != _TRIGGER_LENGTH or text[4:6].lower() != "0a":
        raise ValueError(f"a trigger frame has {_TRIGGER_LENGTH} characters and says 0a, not {len(text)}")
    _check_sum(text, _TRIGGER_LENGTH - 2)
    stamp_us = _stamp(text[8:14] + text[16:24])
    return Trigger(label=_hex_pair(text[2:4], "reader id"), stamp_us=stamp_us)


def _check_sum(text: str, end: int) -> None:
    stated, computed = text[end : end + 2], checksum(text[2:end])
    if not _HEX_PAIR.fullmatch(stated) or int(stated, 16) != computed:
        raise ValueError(f"checksum `{stated}` where the line adds up to {computed:02x}")


def _hex_pair(text: str, what: str) -> str:
    if not _HEX_PAIR.fullmatch(text):
        raise ValueError(f"{what} `{text}` is not two hexadecimal digits")
    return text.lower()


def _tag(text: str) -> str:
    if not _HEX_TAG.fullmatch(text):
        raise ValueError(f"tag `{text}` is not twelve hexadecimal digits")
    return text.upper()


def _stamp(text: str) -> int:
    """The reader's clock: YYMMDDHHMMSS in decimal digits, then hundredths in hexadecimal."""
    hundredths = int(_hex_pair(text[12:14], "hundredths"), 16)
    if hundredths > 99:
        raise ValueError(f"hundredths `{text[12:14]}` are more than 63 (hexadecimal)")
    minute, second = text[8:10], text[10:12]
    if not _DIGITS.fullmatch(minute + second) or int(minute) > 59 or int(second) > 59:
        raise ValueError(f"no such time: {text[6:12]}")
    return _hour_us(text[:8]) + (int(minute) * 60 + int(second)) * SECOND + hundredths * TICK_US


def _hour_us(text: str) -> int:
    """The beginning of an hour written YYMMDDHH, of the years 1970 to 2069."""
    if len(text) != 8 or not _DIGITS.fullmatch(text):  # a NUL at its end makes a text of a column shorter
        raise ValueError(f"no such date and hour: {text}")
    year, month, day, hour = (int(text[at : at + 2]) for at in range(0, 8, 2))
    try:
        return instant_of(datetime(year + (2000 if year < 70 else 1900), month, day, hour, tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"no such date and hour: {text}") from error


class IpicoFile:
    """Reads one file's blocks into columns; collects its guns."""

    def __init__(
        self,
        mat_of: Callable[[str], int],
        *,
        tags: Names,
        source_of_mat: Int16,
        file: str,
        lines_before: int,
        bad: BadLines,
    ) -> None:
        """`mat_of`: mat (or `UnknownMats` number) of a label; `source_of_mat`: as for a read log."""
        self.lines = lines_before
        self.guns: list[FileGun] = []
        self._mat_of = mat_of
        self._names = tags
        self._source_of_mat = source_of_mat
        self._file = file
        self._bad = bad
        self._tags = TextColumn(lambda text: tags.code(_tag(text)), np.int32)
        self._labels = TextColumn(lambda text: mat_of(_hex_pair(text, "reader id")), np.int16)
        self._trident_labels = TextColumn(self._trident_label, np.int16)
        self._hours = TextColumn(_hour_us, np.int64)

    def feed(self, block: Block) -> FileColumns:
        """The reads of a block, in the order of its lines; bad lines go to `bad`, guns to `guns`."""
        newlines = np.flatnonzero(block.octets[block.first : block.last] == NEWLINE) + block.first
        starts = block.line_starts(newlines)
        lengths = newlines - starts
        lengths -= block.octets[newlines - 1] == RETURN
        parts, orders = [], []
        for length in _LENGTHS:
            of_length = lengths == length
            if of_length.all():
                order, at = np.arange(len(starts)), starts
            else:
                order = np.flatnonzero(of_length)
                at = starts[order]
            if not len(order):
                continue
            columns, good = self._plain(block, at, length)
            if not good.all():
                order, columns = order[good], columns.take(good)
            parts.append(columns)
            orders.append(order)
        done = sum(len(order) for order in orders)
        if done < len(starts):
            rest = np.ones(len(starts), np.bool_)
            for order in orders:
                rest[order] = False
            columns, order = self._one_by_one(block, starts, newlines, np.flatnonzero(rest))
            parts.append(columns)
            orders.append(order)
        self.lines += len(starts)
        if len(parts) == 1:
            return parts[0]
        return FileColumns.concat(parts).take(np.argsort(np.concatenate(orders), kind="stable"))

    def _plain(self, block: Block, at: Int64, length: int) -> tuple[FileColumns, Bool]:
        """The columns of lines of one length, and which of them are plain tag records without a fault."""
        words = block.words_at(at, -(-length // 8))
        good = words[0] & _PAIR == 0x6161
        rssi: Float32 = same_for_all(np.float32(np.nan), len(at))
        if length == 40:
            good &= _pair(words[4], 2) == 0x3030
            good &= _LETTER_PAIRS[_pair(words[4], 4)]
            strength = HEX_PAIRS[_pair(words[4], 6)]
            good &= strength >= 0
            rssi = strength.astype(np.float32)
            labels = self._trident_labels
        else:
            good &= _sums_right(words, length)
            if length in (38, 44):
                good &= _LETTER_PAIRS[_pair(words[4], 4) if length == 38 else _pair(words[5], 2)]
            if length >= 42:
                good &= HEX_PAIRS[_pair(words[4], 4)] == 0
            labels = self._labels
        mat = labels.values([words[0] >> _2_BYTES & _PAIR], good)
        tag_words = [words[0] >> _HALF | words[1] << _HALF, words[1] >> _HALF]
        if not self._tags:
            expect_known_tags(self._tags, self._names, tag_words, _KNOWN_TAG)
        tag = self._tags.values(tag_words, good)
        hour_us = self._hours.values([words[2] >> _HALF | words[3] << _HALF], good)
        minute, second = DECIMAL_PAIRS[_pair(words[3], 4)], DECIMAL_PAIRS[_pair(words[3], 6)]
        tick = HEX_PAIRS[_pair(words[4], 0)]
        for value, limit in ((minute, 60), (second, 60), (tick, 100)):
            good &= value.view(np.uint16) < limit
        stamp_us = tick * np.int64(TICK_US)
        stamp_us += (minute * np.int32(60) + second) * np.int64(SECOND)
        stamp_us += hour_us
        return FileColumns(
            tag=tag,
            mat=mat,
            stamp_us=stamp_us,
            source=self._source_of_mat[np.maximum(mat, -1)],
            antenna=same_for_all(np.int16(-1), len(at)),
            rssi=rssi,
        ), good

    def _one_by_one(self, block: Block, starts: Int64, newlines: Int64, lines: Int64) -> tuple[FileColumns, Int64]:
        """The reads of these lines, and which lines they are."""
        rows, order = [], []
        for index in lines.tolist():
            line = bytes(block.raw[int(starts[index]) : int(newlines[index])]).decode("latin-1")
            number = self.lines + index + 1
            try:
                if len(line) > LINE_MAX:
                    raise ValueError(f"longer than {LINE_MAX:,} bytes")
                seen = record(line)
            except ValueError as error:
                self._bad.add(self._file, number, line.rstrip("\r"), str(error))
                continue
            match seen:
                case TagRecord():
                    mat = self._mat_of(seen.label)
                    source = int(self._source_of_mat[max(mat, -1)])
                    rows.append((self._names.code(seen.tag), mat, seen.stamp_us, source, -1, seen.rssi))
                    order.append(index)
                case Trigger():
                    self.guns.append(FileGun(file=self._file, line=number, label=seen.label, stamp_us=seen.stamp_us))
        return FileColumns.of_rows(rows), np.array(order, np.int64)

    def _trident_label(self, text: str) -> int:
        if not _TRIDENT_READER.fullmatch(text):
            raise ValueError(f"reader `{text}` is not a letter and a digit")
        return self._mat_of(text.lower())


_LENGTHS: Final = (36, 38, 42, 44, 40)


def _pair(word: UInt64, first: int) -> Int64:
    """Two neighbouring characters of each word, to look up in a table of pairs."""
    if first == 6:
        return (word >> np.uint64(48)).view(np.int64)
    return ((word >> np.uint64(8 * first)) & _PAIR).view(np.int64)


def _sums_right(words: list[UInt64], length: int) -> Bool:
    """Whether the LRC of each record is that of its text: characters 2 to 33 (39 with tag data)."""
    with_data = length >= 42
    lanes = np.zeros(len(words[0]), np.uint64)
    for place, word in enumerate(words[:5]):
        if place == 0:
            word = word & _AFTER_HEADER
        elif place == 4 and not with_data:
            word = word & _PAIR
        lanes += word & _LANES
        lanes += (word >> np.uint64(8)) & _LANES
    lanes *= _ALL_LANES
    lanes >>= np.uint64(48)
    lanes &= np.uint64(255)
    stated = HEX_PAIRS[_pair(words[5], 0) if with_data else _pair(words[4], 2)]
    right: Bool = lanes.view(np.int64) == stated
    return right


def _letter_pairs() -> Bool:
    letters = [octet for octet in range(256) if chr(octet).isascii() and chr(octet).isalpha()]
    table = np.zeros(1 << 16, np.bool_)
    for first in letters:
        for second in letters:
            table[first | second << 8] = True
    return table


_LETTER_PAIRS: Final = _letter_pairs()
