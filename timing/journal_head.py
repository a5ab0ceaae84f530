"""The head: a small file beside an SQLite journal that remembers how far it had got.

A database whose end was lost (a copy without its write-ahead log, a cut log) is still a valid database. The head is
written after each commit, so a journal that ends before its head says so. It is never ahead of what is durable: the
commit was synced before. Two lines are written in turn, each with its own check, in place: a write torn by a power
cut leaves the other line, and a full disk does not stop it. Knows nothing of SQL.
"""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_WORD: Final = "calanque-head-1"
_ID_CHARS: Final = 32
_LINE: Final = len(_WORD) + 1 + _ID_CHARS + 1 + 20 + 1 + 64 + 1 + 8 + 1
"""Word, journal id, number in 20 digits, seal in hexadecimal, CRC-32 of all before it, newline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Entry `number` of journal `journal` was durable, with this seal."""

    journal: str
    number: int
    seal: bytes


def head_path(journal: Path) -> Path:
    """Where the head of a journal file lies: `journal.sqlite` has `journal.head`."""
    return journal.with_suffix(".head")


def read_head(path: Path) -> Head | None:
    """The newest whole line of a head file; None when there is no file or no whole line in it."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    found = [head for line in text.split(b"\n") if (head := _parsed(line)) is not None]
    return max(found, key=lambda head: head.number, default=None)


def _parsed(line: bytes) -> Head | None:
    fields = line.split(b" ")
    if len(line) + 1 != _LINE or len(fields) != 5 or fields[0] != _WORD.encode():
        return None
    if b"%08x" % zlib.crc32(line[:-9]) != fields[4]:
        return None
    return Head(journal=fields[1].decode(), number=int(fields[2]), seal=bytes.fromhex(fields[3].decode()))


class HeadFile:
    """The head of a journal that is being written."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self._turn = 0

    def write(self, head: Head) -> None:
        """Remember it, in place of the older of the two lines. Raises OSError."""
        line = f"{_WORD} {head.journal} {head.number:020d} {head.seal.hex()}".encode()
        line += b" %08x\n" % zlib.crc32(line)
        assert len(line) == _LINE, "a journal id has 32 characters"
        os.pwrite(self._fd, line, self._turn * _LINE)
        self._turn ^= 1

    def start(self, head: Head) -> None:
        """Both lines, and synced: what an older life of the file left is gone. Raises OSError."""
        self.write(head)
        self.write(head)
        os.fsync(self._fd)

    def close(self) -> None:
        """Sync and close."""
        try:
            os.fsync(self._fd)
        finally:
            os.close(self._fd)
