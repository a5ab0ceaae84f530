"""Raw bytes of a source as they came, with their arrival: the evidence below the journal, and the input of a replay.

A capture is a folder with numbered files `<source>.<number>.capture`, each of bounded size, the oldest deleted beyond
a number. A file is the line `CALANQUE-CAPTURE 1 <source>` and then records:

    kind      1 byte   `<` received, `>` sent, `+` link opened, `-` link ended (content: text, UTF-8);
                       `(` received over a second link, `)` that one ended (content: why it did too early)
    at_us     8 bytes  signed, big-endian: instant of the race clock
    length    4 bytes  unsigned, big-endian
    content   `length` bytes
    crc       4 bytes  CRC-32 of all the above

A file may break off inside its last record (a power cut): what is before counts. Writing happens in a thread, so that
a slow disk never holds up the wire; what a full disk cannot take is counted, and writing resumes by itself.
"""

import contextlib
import enum
import logging
import re
import struct
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from readers.errors import CaptureDamaged
from timing.instants import Instant
from timing.reads import SourceId

log = logging.getLogger(__name__)

FILE_MAX: Final = 64 * 2**20
FILES_MAX: Final = 64
"""4 GiB for a source: days of a busy mat."""
WAITING_MAX: Final = 16 * 2**20
"""Bytes that wait for the disk; more are lost from the capture (never from the journal) and counted."""
WRITE_EVERY_S: Final = 0.25
RECORD_MAX: Final = 2**20
"""Longest content believed when reading: blocks from a link have 64 KiB at most."""

_HEAD: Final = struct.Struct(">cqI")
_CRC: Final = struct.Struct(">I")
_FIRST_LINE: Final = b"CALANQUE-CAPTURE 1 "
_NAME: Final = re.compile(r"(.+)\.([0-9]{4,9})\.capture")


class CaptureKind(enum.Enum):
    RECEIVED = b"<"
    SENT = b">"
    OPENED = b"+"
    ENDED = b"-"
    REPLAY_RECEIVED = b"("
    REPLAY_ENDED = b")"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRecord:
    kind: CaptureKind
    at_us: Instant
    content: bytes


def encoded(record: CaptureRecord) -> bytes:
    """The bytes of one record."""
    head = _HEAD.pack(record.kind.value, record.at_us, len(record.content)) + record.content
    return head + _CRC.pack(zlib.crc32(head))


def capture_files(folder: Path, source: SourceId) -> list[Path]:
    """The files of a source's capture, oldest first."""
    named = ((_NAME.fullmatch(path.name), path) for path in folder.glob("*.capture"))
    return [path for _, path in sorted((int(name[2]), path) for name, path in named if name and name[1] == source)]


class CaptureWriter:
    """Appends to a source's capture. Calls never wait for the disk. One writer at a time for a source and folder."""

    def __init__(self, folder: Path, source: SourceId, *, file_max: int = FILE_MAX, files_max: int = FILES_MAX) -> None:
        """Raises: OSError when the folder cannot be made."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._source = source
        self._file_max = file_max
        self._files_max = files_max
        self._waiting: deque[bytes] = deque()
        self._waiting_size = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._path: Path | None = None
        self._file: FileIO | None = None
        self._size = self._size_empty = 0
        self.lost = 0
        """Bytes of content not captured, because the disk took none for too long."""
        self.error = ""
        """Why nothing can be written now; empty when it can."""
        self._thread = threading.Thread(target=self._run, name=f"capture {source}", daemon=True)
        self._thread.start()

    def received(self, data: bytes, at_us: Instant) -> None:
        self._add(CaptureKind.RECEIVED, data, at_us)

    def sent(self, data: bytes, at_us: Instant) -> None:
        self._add(CaptureKind.SENT, data, at_us)

    def opened(self, endpoint: str, at_us: Instant) -> None:
        self._add(CaptureKind.OPENED, endpoint.encode(), at_us)

    def ended(self, why: str, at_us: Instant) -> None:
        self._add(CaptureKind.ENDED, why.encode(), at_us)

    def replay_received(self, data: bytes, at_us: Instant) -> None:
        self._add(CaptureKind.REPLAY_RECEIVED, data, at_us)

    def replay_ended(self, failure: str, at_us: Instant) -> None:
        self._add(CaptureKind.REPLAY_ENDED, failure.encode(), at_us)

    def close(self) -> None:
        """Writes what waits (or counts it as lost), and ends. Waits for the disk."""
        self._closing.set()
        self._thread.join()

    def _add(self, kind: CaptureKind, content: bytes, at_us: Instant) -> None:
        record = encoded(CaptureRecord(kind=kind, at_us=at_us, content=content))
        with self._lock:
            if self._waiting_size + len(record) > WAITING_MAX:
                self.lost += len(content)
                return
            self._waiting.append(record)
            self._waiting_size += len(record)

    def _run(self) -> None:
        while not self._closing.wait(WRITE_EVERY_S):
            self._write_waiting()
        self._write_waiting()
        with self._lock:
            self.lost += self._waiting_size
        self._end_file()

    def _write_waiting(self) -> None:
        """Writes whole records as long as the disk takes them; what it does not take keeps waiting."""
        while True:
            with self._lock:
                records = [*self._waiting]
            if not records:
                return
            # At most what fits into the file: a record is never split over two.
            count, size = 0, 0
            while count < len(records) and (count == 0 or self._size + size + len(records[count]) <= self._file_max):
                size += len(records[count])
                count += 1
            try:
                if self._file is None or self._size + size > self._file_max:
                    self._next_file()
                self._write(b"".join(records[:count]))
            except OSError as error:
                self._failed(error)
                return
            self.error = ""
            with self._lock:
                for _ in range(count):
                    self._waiting_size -= len(self._waiting.popleft())

    def _write(self, data: bytes) -> None:
        """Appends all of it or nothing.

        Raises: OSError.
        """
        assert self._file is not None
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(data)

    def _failed(self, error: OSError) -> None:
        """Whatever is wrong with the file, writing goes on in a new one."""
        if not self.error:
            log.warning("capture cannot be written", extra={"source": self._source, "error": str(error)})
        self.error = f"capture of {self._source} cannot be written: {error.strerror or error}"
        path, whole = self._path, self._size > self._size_empty
        self._end_file()
        if path is not None and not whole:
            # Each try makes a file: kept, they would push the good ones off their shelf.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _next_file(self) -> None:
        self._end_file()
        files = capture_files(self._folder, self._source)
        number = 1 + (int(files[-1].name.split(".")[-2]) if files else 0)
        self._path = self._folder / f"{self._source}.{number:04d}.capture"
        self._file = self._path.open("xb", buffering=0)
        self._write(_FIRST_LINE + self._source.encode() + b"\n")
        self._size_empty = self._size
        for path in files[: max(0, len(files) + 1 - self._files_max)]:
            path.unlink(missing_ok=True)

    def _end_file(self) -> None:
        file, self._file, self._path, self._size = self._file, None, None, 0
        if file is not None:
            try:
                file.close()
            except OSError as error:
                log.warning("capture file not closed", extra={"source": self._source, "error": str(error)})


def capture_records(path: Path) -> Iterator[CaptureRecord]:
    """The records of one file, in order. One that breaks off inside its last record ends there.

    Raises: CaptureDamaged when it is not a capture, or a record is not what was written; OSError.
    """
    with path.open("rb") as file:
        first = file.readline(200)
        if not first.startswith(_FIRST_LINE) or not first.endswith(b"\n"):
            if _FIRST_LINE.startswith(first) or (first.startswith(_FIRST_LINE) and len(first) < 200):
                return
            raise CaptureDamaged(f"{path} is not a capture file of ours", offset=0)
        while True:
            offset = file.tell()
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            kind, at_us, length = _HEAD.unpack(head)
            if length > RECORD_MAX:
                raise CaptureDamaged(f"{path} is damaged at byte {offset}", offset=offset)
            content = file.read(length + _CRC.size)
            if len(content) < length + _CRC.size:
                return
            if zlib.crc32(head + content[:length]) != _CRC.unpack(content[length:])[0]:
                raise CaptureDamaged(f"{path} is damaged at byte {offset}", offset=offset)
            yield CaptureRecord(kind=CaptureKind(kind), at_us=at_us, content=content[:length])


def captured(folder: Path, source: SourceId) -> Iterator[CaptureRecord]:
    """All records of a source's capture, over all its files.

    Raises: as `capture_records`.
    """
    for path in capture_files(folder, source):
        yield from capture_records(path)
