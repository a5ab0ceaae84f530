"""A batch of reads of one source as it lies in the journal: columns of what was sent, and its delivery.

Owns the body of READS entries (version 1) and the check of a delivered record's content. Stamps are as sent; nothing
here knows mats, instants or runners.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from timing.columns import Float64, Int64, pack, unpack
from timing.instants import MISSING
from timing.reads import ChipRead, ClockKind, ReadKind, SourceId, SourceReads, Tag

VERSION: Final = 1

NO_NAME: Final = -1
"""In columns of codes: no tag, no label, no file."""

KINDS: Final = (ReadKind.READ, ReadKind.GUN, ReadKind.HAND)
_KIND_CODES: Final = {kind: code for code, kind in enumerate(KINDS)}

_COLUMNS: Final = ("tag", "label", "reader_file", "kind", "stamp_us", "received_us", "antenna", "reader_seq", "rssi")

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Which records of a collector's store a batch covers: `first` to `first + count - 1`, all of them.

    Also those that are not among the rows: repeats, which are not journalled, and malformed ones, which are kept raw.
    `checks` holds one `content_check` for each record of the store in that range (0: not known).
    """

    store: str
    first: int
    count: int
    checks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        assert self.first >= 1, "a store numbers its reads from 1"
        assert self.count >= 0, "a batch cannot hold fewer than no reads"
        assert len(self.checks) in (0, self.count), "one check for each record, or none"


def content_check(read: ChipRead) -> int:
    """A 32-bit check of what must not change under one store number: tag, stamp, antenna, the reader's own number.

    It only raises an alarm; which reads are the same is decided by their identity, exactly. Never 0.
    """
    text = f"{read.tag}\n{read.stamp_us}\n{read.antenna}\n{read.reader_seq}"
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) or 1


def raw_check(raw: str) -> int:
    """The same for a record that could not be understood."""
    return zlib.crc32(raw.encode("utf-8", "surrogatepass")) or 1


@dataclass(frozen=True, kw_only=True)
class DecodedReads:
    """N reads of one source as columns of length N, in order of delivery.

    `tag`, `label` and `reader_file` are codes into `tags`, `labels`, `reader_files` (NO_NAME: none). `kind` is a code
    into KINDS. `antenna` and `reader_seq` have MISSING, `rssi` NaN where nothing was given.
    """

    source: SourceId
    clock: ClockKind
    tags: list[str]
    labels: list[str]
    reader_files: list[str]
    tag: Int64
    label: Int64
    reader_file: Int64
    kind: Int64
    stamp_us: Int64
    received_us: Int64
    antenna: Int64
    reader_seq: Int64
    rssi: Float64
    malformed: tuple[tuple[str, str], ...] = ()
    delivery: Delivery | None = None
    raw_block: bytes = b""

    @classmethod
    def of(cls, batch: SourceReads) -> Self:
        """The columns of a batch. Raises: OverflowError when a whole number does not fit 64 bits."""
        reads = batch.reads
        tags, tag = _coded([read.tag for read in reads])
        labels, label = _coded([read.label for read in reads])
        files, file = _coded([read.reader_file for read in reads])
        return cls(
            source=batch.source,
            clock=batch.clock,
            tags=tags,
            labels=labels,
            reader_files=files,
            tag=tag,
            label=label,
            reader_file=file,
            kind=_whole([_KIND_CODES[read.kind] for read in reads]),
            stamp_us=_whole([read.stamp_us for read in reads]),
            received_us=_whole([read.received_us for read in reads]),
            antenna=_whole([MISSING if read.antenna is None else read.antenna for read in reads]),
            reader_seq=_whole([MISSING if read.reader_seq is None else read.reader_seq for read in reads]),
            rssi=np.array([np.nan if read.rssi is None else read.rssi for read in reads], np.float64),
            malformed=tuple((raw, reason) for raw, reason in batch.malformed),
            raw_block=_packed_raw([read.raw for read in reads]),
        )

    def __len__(self) -> int:
        return len(self.stamp_us)

    def take(self, rows: NDArray[np.bool_]) -> Self:
        """The reads where `rows` is True, in order, without raw frames and what belongs to the whole batch."""
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return replace(self, **columns, malformed=(), delivery=None, raw_block=b"")

    def raw(self) -> list[str | None]:
        """The frames as received, where they were kept."""
        if not self.raw_block:
            return [None] * len(self)
        frames: list[str | None] = json.loads(zlib.decompress(self.raw_block))
        return frames

    def chip_reads(self) -> list[ChipRead]:
        """The reads one by one, as a decoder gave them."""
        tag = _named(self.tags, self.tag)
        label = _named(self.labels, self.label)
        file = _named(self.reader_files, self.reader_file)
        return [
            ChipRead(
                tag=None if tag[i] is None else Tag(tag[i] or ""),
                stamp_us=int(self.stamp_us[i]),
                received_us=int(self.received_us[i]),
                kind=KINDS[int(self.kind[i])],
                label=label[i],
                antenna=_given(self.antenna[i]),
                rssi=None if np.isnan(self.rssi[i]) else float(self.rssi[i]),
                reader_file=file[i],
                reader_seq=_given(self.reader_seq[i]),
                raw=raw,
            )
            for i, raw in enumerate(self.raw())
        ]


def encode_reads(batch: SourceReads, delivery: Delivery | None = None) -> bytes:
    """The body of a READS entry. Raises: OverflowError when a whole number does not fit 64 bits."""
    return encode_columns(replace(DecodedReads.of(batch), delivery=delivery))


def encode_columns(reads: DecodedReads) -> bytes:
    """The body of a READS entry, from columns."""
    header: dict[str, Any] = {
        "clock": reads.clock.value,
        "tags": reads.tags,
        "labels": reads.labels,
        "reader_files": reads.reader_files,
    }
    if reads.malformed:
        header["malformed"] = reads.malformed
    whole = {
        "tag": reads.tag,
        "label": reads.label,
        "reader_file": reads.reader_file,
        "kind": reads.kind,
        "stamp_us": reads.stamp_us,
        "received_us": reads.received_us,
        "antenna": reads.antenna,
        "reader_seq": reads.reader_seq,
    }
    if reads.delivery is not None:
        delivery = reads.delivery
        header["delivery"] = {"store": delivery.store, "first": delivery.first, "count": delivery.count}
    block = pack(header, len(reads), whole, {"rssi": reads.rssi})
    checks = b""
    if reads.delivery is not None and reads.delivery.checks:
        checks = np.array(reads.delivery.checks, "<u4").tobytes()
    return b"".join([_LENGTH.pack(len(block)), block, _LENGTH.pack(len(checks)), checks, reads.raw_block])


def decode_reads(source: SourceId, body: bytes) -> DecodedReads:
    """The columns of a READS body of version 1. Raises: ValueError, struct.error or zlib.error when it is none."""
    (length,) = _LENGTH.unpack_from(body)
    header, whole, real = unpack(body[4 : 4 + length])
    at = 4 + length
    (checks_length,) = _LENGTH.unpack_from(body, at)
    at += 4
    delivery = None
    if (sent := header.get("delivery")) is not None:
        checks = tuple(np.frombuffer(body, "<u4", checks_length // 4, at).tolist())
        delivery = Delivery(store=sent["store"], first=sent["first"], count=sent["count"], checks=checks)
    rows = header["rows"]
    missing = np.full(rows, MISSING, np.int64)
    none = np.empty(0, np.int64)
    return DecodedReads(
        source=source,
        clock=ClockKind(header["clock"]),
        tags=header["tags"],
        labels=header["labels"],
        reader_files=header["reader_files"],
        tag=whole.get("tag", none),
        label=whole.get("label", none),
        reader_file=whole.get("reader_file", none),
        kind=whole.get("kind", none),
        stamp_us=whole.get("stamp_us", none),
        received_us=whole.get("received_us", missing),
        antenna=whole.get("antenna", missing),
        reader_seq=whole.get("reader_seq", missing),
        rssi=real["rssi"] if "rssi" in real else np.full(rows, np.nan),
        malformed=tuple((raw, reason) for raw, reason in header.get("malformed", ())),
        delivery=delivery,
        raw_block=body[at + checks_length :],
    )


def _coded(values: Sequence[str | None]) -> tuple[list[str], Int64]:
    """The distinct names in order of first sight, and the code of each value."""
    codes: dict[str | None, int] = {None: NO_NAME}
    column = [codes.setdefault(value, len(codes) - 1) for value in values]
    del codes[None]
    return [name for name in codes if name is not None], _whole(column)


def _named(names: Sequence[str], codes: Int64) -> list[str | None]:
    return [None if code == NO_NAME else names[code] for code in codes.tolist()]


def _whole(values: list[int]) -> Int64:
    return np.array(values, np.int64)


def _given(value: np.int64) -> int | None:
    return None if value == MISSING else int(value)


def _packed_raw(frames: list[str | None]) -> bytes:
    if all(frame is None for frame in frames):
        return b""
    return zlib.compress(json.dumps(frames, separators=(",", ":")).encode(), 1)
