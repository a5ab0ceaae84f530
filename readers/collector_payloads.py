"""Stored reads as messages that any engine of the protocol takes: cut where the protocol needs a cut.

A batch has one clock, numbers without a gap, a mat for all its reads or for none, and at most 256 KiB. No input or
output.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from readers.collector_batch import MAX_BYTES, MAX_READS, encode_batch, encode_unsendable
from readers.collector_store import StoredRead
from timing.reads import ChipRead, ReadKind, Tag


def payloads_of(
    stored: Sequence[StoredRead], *, store: str, boot: str, steady_us: int, now_us: int, unsendable: bool = False
) -> Iterator[bytes]:
    """The messages that carry these reads, which come in the order of their numbers."""
    if unsendable:
        for item in stored:
            yield encode_unsendable(_last_resort(item), store=store, number=item.number)
        return
    start = 0
    for end in range(1, len(stored) + 1):
        if end == len(stored) or end - start == MAX_READS or not _one_batch(stored[end - 1], stored[end]):
            yield from _fitting(stored[start:end], store, boot, steady_us, now_us)
            start = end


def sound(read: ChipRead) -> ChipRead:
    """The read with texts that can be stored and sent: what is not Unicode in them is replaced, nothing else."""
    texts = (read.tag, read.label, read.reader_file, read.raw)
    if all(text is None or text.isascii() for text in texts):
        return read
    tag, label, file, raw = (None if text is None else _unicode(text) for text in texts)
    return replace(read, tag=None if tag is None else Tag(tag), label=label, reader_file=file, raw=raw)


def raw_record(raw: str, reason: str, received_us: int) -> ChipRead:
    """A frame that nobody understood, as it lies in the store: a read without a tag."""
    return sound(ChipRead(tag=None, stamp_us=0, received_us=received_us, raw=f"{reason}: {raw}"))


def _is_raw(item: StoredRead) -> bool:
    return item.read.tag is None and item.read.kind is ReadKind.READ


def _one_batch(before: StoredRead, after: StoredRead) -> bool:
    return (
        after.number == before.number + 1
        and after.clock == before.clock
        and (after.read.label is None) == (before.read.label is None)
        and not _is_raw(before)
        and not _is_raw(after)
    )


def _fitting(stored: Sequence[StoredRead], store: str, boot: str, steady_us: int, now_us: int) -> Iterator[bytes]:
    if _is_raw(stored[0]):
        frame = (stored[0].read.raw or "").encode()
        yield encode_unsendable(frame, store=store, number=stored[0].number)
        return
    payload = encode_batch(
        [item.read for item in stored],
        store=store,
        first=stored[0].number,
        clock=stored[0].clock,
        boot=boot,
        steady_us=steady_us,
        now_us=now_us,
    )
    if len(payload) <= MAX_BYTES:
        yield payload
    elif len(stored) == 1:
        yield encode_unsendable(_last_resort(stored[0]), store=store, number=stored[0].number)
    else:
        middle = len(stored) // 2
        for half in (stored[:middle], stored[middle:]):
            yield from _fitting(half, store, boot, steady_us, now_us)


def _last_resort(item: StoredRead) -> bytes:
    """A read as JSON for a person to read, the frame last: what is cut off is cut there."""
    read = item.read
    fields = {
        "clock": item.clock.value,
        "kind": read.kind.value,
        "tag": read.tag,
        "stamp_us": read.stamp_us,
        "received_us": read.received_us,
        "mat": read.label,
        "antenna": read.antenna,
        "rssi": read.rssi,
        "reader_file": read.reader_file,
        "reader_seq": read.reader_seq,
        "raw": read.raw,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode("ascii")


def _unicode(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
