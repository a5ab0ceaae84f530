"""Whole lines of a text file in blocks of a bounded size, as bytes that numpy can look at.

Owns reading, gzip, the byte order mark, lines cut at the border of a block and lines without end. Knows no format.
Measured: 1 MB blocks keep the columns made of one block in the processor's cache; 8 MB blocks are a third slower.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import RawIOBase
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timing.reads import Int64, UInt8

UInt64 = NDArray[np.uint64]

BLOCK_BYTES: Final = 1 << 20
LINE_MAX: Final = 1 << 16
"""A longer line is cut one byte past this limit, so that whoever reads it sees that it is too long."""

NEWLINE: Final = 10
RETURN: Final = 13
_PAD: Final = 64
"""Bytes before and after the data that may be looked at (never believed) by reads of several bytes at once."""
_BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines: `raw[first:last]`, the last byte a newline. Valid until the next block is asked for.

    `octets` is `raw` as an array.
    """

    raw: bytearray
    octets: UInt8
    _words: UInt64
    first: int
    last: int

    @classmethod
    def of(cls, text: bytes) -> "Block":
        """A block of these bytes, ended by a newline if they are not."""
        if not text.endswith(b"\n"):
            text += b"\n"
        return _Buffer(len(text)).filled(text)

    def without_first_line(self) -> "Block":
        after = self.raw.find(b"\n", self.first, self.last) + 1
        return replace(self, first=after)

    def words_at(self, starts: Int64, count: int) -> list[UInt64]:
        """The `count` words of eight bytes that follow each start, the first byte lowest.

        Put together from whole words of the memory: twice as fast as asking for words that lie across them.
        """
        place = starts >> 3
        shift = ((starts & 7) << 3).astype(np.uint64)
        back = np.uint64(64) - shift  # numpy shifts by 64 to zero, which is what a start on a whole word needs
        words = []
        low = self._words[place]
        for _ in range(count):
            place += 1
            high = self._words[place]
            low >>= shift
            low |= high << back
            words.append(low)
            low = high
        return words

    def line_starts(self, newlines: Int64) -> Int64:
        """Where each line begins, given where each ends."""
        starts = np.empty_like(newlines)
        starts[:1] = self.first
        starts[1:] = newlines[:-1] + 1
        return starts

    def has(self, octet: bytes) -> bool:
        return self.raw.find(octet, self.first, self.last) >= 0


class LineBlocks:
    """Iterates over a file's blocks. `damage` says afterwards why the end of the file could not be read, if so.

    Raises: OSError when the file cannot be opened or read.
    """

    def __init__(self, path: Path, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.path = path
        self.damage: str | None = None
        self._size = block_bytes

    def __iter__(self) -> Iterator[Block]:
        with self.path.open("rb", buffering=0) as file:
            head = file.read(2)
            file.seek(0)
            source = _Unzipped(file, self) if head == _GZIP else file
            yield from self._blocks(source)

    def _blocks(self, source: "RawIOBase | _Unzipped") -> Iterator[Block]:
        buffer = _Buffer(LINE_MAX + 2 + self._size)
        raw = buffer.raw
        start = end = _PAD
        skipping = False
        at_head = True
        while True:
            fresh = end
            end += _read_full(source, memoryview(raw)[end : end + self._size])
            at_end = end - fresh < self._size
            if at_head:
                at_head = False
                start += len(_BOM) if raw.startswith(_BOM, start, end) else 0
            if skipping:
                newline = raw.find(b"\n", fresh, end)
                skipping = newline < 0
                kept = bytes(memoryview(raw)[newline:end]) if newline >= 0 else b""
                end = fresh + len(kept)
                raw[fresh:end] = kept
            if at_end and end > start and raw[end - 1] != NEWLINE:
                raw[end] = NEWLINE
                end += 1
            last = raw.rfind(b"\n", start, end) + 1
            if last > start:
                yield buffer.block(start, last)
            else:
                last = start
            if at_end:
                return
            if end - last > LINE_MAX:
                end = last + LINE_MAX + 1
                skipping = True
            carried = bytes(memoryview(raw)[last:end])
            start, end = _PAD, _PAD + len(carried)
            raw[start:end] = carried


class _Buffer:
    """The memory that blocks are windows on: room for data between two pads."""

    def __init__(self, size: int) -> None:
        self.raw = bytearray((_PAD + size + _PAD) // 8 * 8 + 8)
        self._octets = np.frombuffer(self.raw, np.uint8)
        self._words: UInt64 = np.frombuffer(self.raw, "<u8")

    def block(self, first: int, last: int) -> Block:
        return Block(self.raw, self._octets, self._words, first, last)

    def filled(self, text: bytes) -> Block:
        self.raw[_PAD : _PAD + len(text)] = text
        return self.block(_PAD, _PAD + len(text))


def _read_full(source: "RawIOBase | _Unzipped", room: memoryview) -> int:
    """How many bytes were read into `room`: fewer than fit only at the end of the file."""
    done = 0
    while done < len(room):
        count = source.readinto(room[done:])
        if not count:
            break
        done += count
    return done


class _Unzipped:
    """The text inside a gzip file, up to its end or to where it is damaged: what came before still counts."""

    _CHUNK: Final = 1 << 18

    def __init__(self, file: RawIOBase, blocks: LineBlocks) -> None:
        self._file = file
        self._blocks = blocks
        self._unzip = zlib.decompressobj(wbits=31)
        self._packed = b""
        self._rescued = b""

    def readinto(self, room: memoryview) -> int:
        while self._blocks.damage is None:
            if self._unzip.eof:
                self._packed = self._unzip.unused_data
                self._unzip = zlib.decompressobj(wbits=31)
                while not self._packed.strip(b"\0"):  # padding after the end is allowed
                    if not self._refilled():
                        return 0
            before = self._unzip.copy()
            try:
                text = self._unzip.decompress(self._packed, len(room))
            except zlib.error as error:
                self._blocks.damage = f"the compressed file is damaged here ({error})"
                self._rescued = _until_damage(before, self._packed)
                break
            self._packed = self._unzip.unconsumed_tail
            if text:
                room[: len(text)] = text
                return len(text)
            if not self._unzip.eof and not self._packed and not self._refilled():
                self._blocks.damage = "the compressed file is cut short here"
        count = min(len(room), len(self._rescued))
        room[:count] = self._rescued[:count]
        self._rescued = self._rescued[count:]
        return count

    def _refilled(self) -> bool:
        self._packed = self._file.read(self._CHUNK)
        return bool(self._packed)


def _until_damage(unzip: "zlib._Decompress", packed: bytes) -> bytes:
    """What a piece holds before its damage, which would be lost with it: taken byte by byte."""
    pieces = []
    for at in range(len(packed)):
        try:
            pieces.append(unzip.decompress(packed[at : at + 1]))
        except zlib.error:
            break
    return b"".join(pieces)
