"""What an entry of the journal is, and the seal that ties each to the one before.

Owns the kinds of entry and the exact bytes a seal is made of (docs/journal.md repeats them for other programs).
Knows neither how entries are stored nor what their bodies mean.
"""

import enum
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from timing.instants import Instant
from timing.reads import SourceId

FORMAT: Final = 1
"""Of the tables and the seal. A journal of a higher format is refused, never guessed at."""

_NO_TEXT: Final = 0xFFFFFFFF
_FIXED = struct.Struct(">qqi")
_LENGTH = struct.Struct(">I")


class EntryKind(enum.StrEnum):
    """What came in or was decided."""

    RULES = "rules"
    """The race file in force from here on."""
    ROSTER = "roster"
    READS = "reads"
    GUN = "gun"
    CLOSING = "closing"
    PUBLICATION = "publication"
    LOSS = "loss"
    """Reads a collector no longer holds: confirmed past, and said."""
    CLOCK = "clock"
    """A reader's clock, compared with ours."""
    NOTE = "note"
    RULING = "ruling"
    SIGHTING = "sighting"
    """Somebody was seen without a chip."""
    POSTING = "posting"
    """A list was posted, became official, or was opened again."""
    HOST_STEP = "host_step"
    """The clock of the engine's own machine was moved."""
    DESK = "desk"
    """What somebody did at a page: a name said, a report by radio, a hand stamp, an alarm taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry on its way in. `at_us` is when the engine took it; `version` is that of the body's format."""

    kind: EntryKind
    body: bytes
    at_us: Instant
    source: SourceId | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the journal: numbered from 1 without a gap, sealed."""

    number: int
    kind: EntryKind
    version: int
    source: SourceId | None
    at_us: Instant
    body: bytes
    seal: bytes


def first_seal(chain: str, race: str) -> bytes:
    """What the first entry is sealed onto: it ties the chain to its journal and its race."""
    return hashlib.sha256(f"calanque journal {FORMAT}\n{chain}\n{race}\n".encode()).digest()


def seal_of(
    before: bytes, *, number: int, kind: str, version: int, source: str | None, at_us: int, body: bytes
) -> bytes:
    """The seal of one entry: SHA-256 over the seal before it and all its fields.

    The bytes, in this order, integers big-endian: the seal before (32), number (8), at_us (8), version (4), then kind,
    source and body, each as a length (4) and its bytes (text as UTF-8; no source: length 0xFFFFFFFF and nothing).
    """
    digest = hashlib.sha256(before)
    digest.update(_FIXED.pack(number, at_us, version))
    kind_bytes = kind.encode()
    digest.update(_LENGTH.pack(len(kind_bytes)) + kind_bytes)
    if source is None:
        digest.update(_LENGTH.pack(_NO_TEXT))
    else:
        source_bytes = source.encode()
        digest.update(_LENGTH.pack(len(source_bytes)) + source_bytes)
    digest.update(_LENGTH.pack(len(body)))
    digest.update(body)
    return digest.digest()


def sealed(entries: Sequence[NewEntry], *, last: int, seal: bytes) -> list[Entry]:
    """The entries as they follow on number `last`, whose seal is `seal`."""
    result = []
    for number, new in enumerate(entries, start=last + 1):
        seal = seal_of(
            seal,
            number=number,
            kind=new.kind.value,
            version=new.version,
            source=new.source,
            at_us=new.at_us,
            body=new.body,
        )
        result.append(
            Entry(
                number=number,
                kind=new.kind,
                version=new.version,
                source=new.source,
                at_us=new.at_us,
                body=new.body,
                seal=seal,
            )
        )
    return result
