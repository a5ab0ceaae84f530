"""The `reads` message of the collector protocol: columns of numbered reads, taken apart and put together.

Source: docs/collector_protocol.md, section Reads. A batch whose numbers cannot be read is refused as a whole; a record
that cannot be understood is kept raw with its reason beside the good ones. No input or output, no clock.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from readers.collector_columns import Faults, integer_faults, kind_faults, number_faults, text_faults
from readers.collector_cursor import HIGHEST
from readers.collector_json import NotANumber, Refused, clean, compact, json_type, strict_object
from readers.collector_topics import is_name
from timing.reads import ChipRead, ClockKind, ReadKind, Tag

MAX_BYTES: Final = 256 * 1024
MAX_READS: Final = 2_000

MAX_STAMP_US: Final = 253_370_764_800_000_000
"""Year 9999 begins. No clock shows it, and calendars end there: a stamp from then on is damage, not a time."""

_UPPER_HEX: Final = str.maketrans("abcdef", "ABCDEF")
_KINDS: Final = {kind.value: kind for kind in ReadKind}
_CLOCKS: Final = {clock.value: clock for clock in ClockKind}
_COLUMNS: Final = (
    "kind",
    "tag",
    "stamp_us",
    "received_us",
    "mat",
    "antenna",
    "rssi",
    "reader_file",
    "reader_seq",
    "raw",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """One record of a batch that is not a read: its number, why, and what it held."""

    number: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Numbers `first` to `last` of a store: each is in `reads` (with `numbers` beside it) or in `malformed`.

    `clock` None: the collector does not say. `boot`, `steady_us`, `now_us` None: not given, or not readable.
    """

    store: str
    first: int
    count: int
    clock: ClockKind | None
    numbers: tuple[int, ...]
    reads: tuple[ChipRead, ...]
    malformed: tuple[BadRecord, ...]
    boot: str | None = None
    steady_us: int | None = None
    now_us: int | None = None

    @property
    def last(self) -> int:
        return self.first + self.count - 1


def parse_batch(payload: bytes) -> Batch | Refused:
    """The batch in a payload, or why nothing in it can be confirmed."""
    message = strict_object(payload, limit=MAX_BYTES)
    if isinstance(message, Refused):
        return message
    store, first = message.get("store"), message.get("first")
    if not is_name(store):
        return Refused(reason=f"without a readable number: `store` is {_shown(store)}, not a name")
    if type(first) is not int or not 1 <= first < HIGHEST - MAX_READS:
        return Refused(reason=f"without a readable number: `first` is {_shown(first)}, not an integer from 1 on")
    if "unsendable" in message:
        return _unsendable(store, first, message["unsendable"])
    columns = {name: message[name] for name in _COLUMNS if message.get(name) is not None}
    lengths = {name: len(column) for name, column in columns.items() if isinstance(column, list)}
    if not lengths:
        return Refused(reason="without a readable number: no column of reads")
    count = max(lengths.values())
    if min(lengths.values()) != count:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        return Refused(reason=f"without a readable number: columns of different lengths ({told})")
    if count > MAX_READS:
        return Refused(reason=f"too large: {count} reads, at most {MAX_READS} are accepted")
    if count == 0:
        return Refused(reason="without a readable number: no read in it")
    return _taken_apart(message, columns, store, first, count)


def _taken_apart(message: dict[str, Any], columns: dict[str, Any], store: str, first: int, count: int) -> Batch:
    clock_text = message.get("clock")
    clock = _CLOCKS.get(clock_text) if isinstance(clock_text, str) else None
    faults = _faults(columns, count)
    if clock is None and clock_text is not None:
        reason = f"`clock` is {_shown(clock_text)}, not one of {', '.join(_CLOCKS)}"
        faults = {row: faults.get(row, reason) for row in range(count)}
    malformed = tuple(
        BadRecord(number=first + row, reason=faults[row], raw=_record(columns, row)) for row in sorted(faults)
    )
    rows = range(count) if not faults else [row for row in range(count) if row not in faults]
    steady, now, boot = message.get("steady_us"), message.get("now_us"), message.get("boot")
    return Batch(
        store=store,
        first=first,
        count=count,
        clock=clock,
        numbers=tuple(first + row for row in rows),
        reads=tuple(_reads(columns, rows, count)),
        malformed=malformed,
        boot=clean(boot, 64) if isinstance(boot, str) else None,
        steady_us=steady if type(steady) is int else None,
        now_us=now if type(now) is int else None,
    )


def _faults(columns: dict[str, Any], count: int) -> Faults:
    """What is wrong with each bad row; the first fault found tells."""
    faults: Faults = {}
    for name in ("stamp_us", "received_us"):
        if name not in columns:
            return dict.fromkeys(range(count), f"`{name}` is missing")
    for name, column in columns.items():
        if not isinstance(column, list):
            return dict.fromkeys(range(count), f"`{name}` is {json_type(column)}, not an array")
    for name, column in columns.items():
        match name:
            case "kind":
                found = kind_faults(column)
            case "tag":
                found = text_faults(name, column, longest=128, printable=True, empty=False, null=True)
            case "stamp_us" | "received_us":
                found = integer_faults(name, column, low=0, high=MAX_STAMP_US - 1)
            case "mat":
                found = text_faults(name, column, longest=64, printable=True, empty=False)
            case "antenna":
                found = integer_faults(name, column, low=0, high=32_767, null=True)
            case "rssi":
                found = number_faults(name, column)
            case "reader_file":
                found = text_faults(name, column, longest=128, printable=True, null=True)
            case "reader_seq":
                found = integer_faults(name, column, low=-HIGHEST, high=HIGHEST, null=True)
            case _:
                found = text_faults(name, column, longest=MAX_BYTES, null=True)
        for row, reason in found.items():
            faults.setdefault(row, reason)
    tags, kinds = columns.get("tag"), columns.get("kind")
    if tags is None or None in tags:
        for row in range(count):
            if (tags is None or tags[row] is None) and (kinds is None or kinds[row] == "read"):
                faults.setdefault(row, "a read without a `tag`")
    return faults


def _reads(columns: dict[str, Any], rows: Sequence[int], count: int) -> Iterator[ChipRead]:
    nothing = [None] * count
    columns = {name: columns.get(name, nothing) for name in _COLUMNS}
    kinds, tags, stamps, arrivals, mats, antennas, rssis, files, seqs, raws = columns.values()
    for row in rows:
        tag, rssi, kind = tags[row], rssis[row], kinds[row]
        yield ChipRead(
            tag=None if tag is None else Tag(tag.translate(_UPPER_HEX)),
            stamp_us=stamps[row],
            received_us=arrivals[row],
            kind=ReadKind.READ if kind is None else _KINDS[kind],
            label=mats[row],
            antenna=antennas[row],
            rssi=None if rssi is None else float(rssi),
            reader_file=files[row],
            reader_seq=seqs[row],
            raw=raws[row],
        )


def _record(columns: dict[str, Any], row: int) -> str:
    """One record as JSON text, for people: what was in its columns, whatever it was."""
    items = {name: column[row] if isinstance(column, list) else column for name, column in columns.items()}
    return json.dumps(items, separators=(",", ":"), default=repr)


def _unsendable(store: str, first: int, value: object) -> Batch:
    reason = "sent as unsendable: the collector could not deliver it in any other form"
    raw = value if isinstance(value, str) else repr(value)
    if isinstance(value, str):
        try:
            raw = base64.b64decode(value, validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            reason += " (not base64; kept as it came)"
    bad = BadRecord(number=first, reason=reason, raw=raw)
    return Batch(store=store, first=first, count=1, clock=None, numbers=(), reads=(), malformed=(bad,))


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return clean(repr(value), 60)
    return json_type(value) if not isinstance(value, NotANumber) else value.text


def encode_batch(
    reads: Sequence[ChipRead],
    *,
    store: str,
    first: int,
    clock: ClockKind,
    boot: str,
    steady_us: int,
    now_us: int,
) -> bytes:
    """Reads `first`, `first` + 1, … of a store as a message. Columns nobody needs are left out.

    Either all reads have a `label` or none: the protocol knows no null there. The size is the caller's to check.
    """
    message: dict[str, Any] = {
        "store": store,
        "first": first,
        "boot": boot,
        "steady_us": steady_us,
        "now_us": now_us,
        "clock": clock.value,
    }
    if any(read.kind is not ReadKind.READ for read in reads):
        message["kind"] = [read.kind.value for read in reads]
    message["tag"] = [None if read.tag is None else read.tag.translate(_UPPER_HEX) for read in reads]
    message["stamp_us"] = [read.stamp_us for read in reads]
    message["received_us"] = [read.received_us for read in reads]
    optional: dict[str, list[Any]] = {
        "mat": [read.label for read in reads],
        "antenna": [read.antenna for read in reads],
        "rssi": [read.rssi for read in reads],
        "reader_file": [read.reader_file for read in reads],
        "reader_seq": [read.reader_seq for read in reads],
        "raw": [read.raw for read in reads],
    }
    message |= {name: column for name, column in optional.items() if any(item is not None for item in column)}
    return compact(message)


def encode_unsendable(raw: bytes, *, store: str, number: int) -> bytes:
    """A read that could not be delivered in any other form; cut to what fits into a message."""
    fitting = raw[: MAX_BYTES // 2]
    return compact({"store": store, "first": number, "unsendable": base64.b64encode(fitting).decode("ascii")})
