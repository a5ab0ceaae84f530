"""What entries of the journal say: a type for each kind of body, and how it becomes bytes and comes back.

Owns the formats and their versions: a change of one is a new version here, and old ones stay readable. Bodies are
JSON (UTF-8), large ones compressed, except reads (`read_columns`). Knows nothing of storage or of what follows from
an entry (`state`).
"""

import json
import struct
import typing
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from timing.desk_entries import DeskBody, desk_body_of, desk_fields
from timing.errors import JournalRefused
from timing.instants import Instant
from timing.journal_chain import Entry, EntryKind, NewEntry
from timing.read_columns import (
    VERSION as READS_VERSION,
)
from timing.read_columns import (
    DecodedReads,
    Delivery,
    content_check,
    decode_reads,
    encode_reads,
    raw_check,
)
from timing.reads import ClockKind, SourceId, SourceReads
from timing.roster_entries import RosterBody, decode_roster, encode_roster
from timing.ruling_entries import (
    HostStepBody,
    PostingBody,
    RulingBody,
    SightingBody,
    built,
    plain,
    ruling_fields,
    ruling_of,
)

__all__ = [
    "Body",
    "ClockBody",
    "ClosingBody",
    "DecodedReads",
    "Delivery",
    "DeskBody",
    "GunBody",
    "HostStepBody",
    "LossBody",
    "NoteBody",
    "PostingBody",
    "PublicationBody",
    "RosterBody",
    "RulesBody",
    "RulingBody",
    "SightingBody",
    "content_check",
    "decode",
    "decode_reads",
    "encode_reads",
    "new_entry",
    "raw_check",
    "reads_entry",
]

GunOf: TypeAlias = Literal["wire", "button", "hand", "file"]
"""Heard by a reader; a press when it was heard; an hour that somebody entered; a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesBody:
    """The race file in force from here on, as it was read."""

    text: str
    file: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GunBody:
    """A gun: of one wave, or of no known wave (None). From a wire it has a source, and a stamp of that clock."""

    wave: str | None
    instant_us: Instant | None
    origin: GunOf
    source: SourceId | None = None
    stamp_us: int | None = None
    clock: ClockKind | None = None
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingBody:
    """The start or the finish was declared closed as of an instant; None takes the declaration back."""

    point: Literal["start", "finish"]
    at_us: Instant | None
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationBody:
    """Publication `number` was made from the entries up to number `through`; SHA-256 of each file in hexadecimal."""

    number: int
    at_us: Instant
    through: int
    files: Mapping[str, str] = field(default_factory=dict)
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossBody:
    """Records a collector's store no longer holds: inclusive ranges, confirmed past although they never came."""

    source: SourceId
    store: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBody:
    """A reader's clock came to show `clock_us` within `round_trip_us` after our instant `asked_us`.

    Of a clock that shows whole seconds the second is in it.
    """

    source: SourceId
    clock_us: int
    asked_us: Instant
    round_trip_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteBody:
    """Something that was seen or said, for the record."""

    text: str
    author: str = ""


Body: TypeAlias = (
    RulesBody
    | RosterBody
    | GunBody
    | ClosingBody
    | PublicationBody
    | LossBody
    | ClockBody
    | NoteBody
    | RulingBody
    | SightingBody
    | PostingBody
    | HostStepBody
    | DeskBody
    | DecodedReads
)


def new_entry(body: Body, at_us: Instant) -> NewEntry:
    """The entry that carries this body (reads: see `reads_entry`)."""
    assert not isinstance(body, DecodedReads), "reads go through reads_entry"
    kind, encode = _ENCODERS[type(body)]
    source = getattr(body, "source", None)
    return NewEntry(kind=kind, body=encode(body), at_us=at_us, source=source, version=_VERSIONS[kind])


def reads_entry(batch: SourceReads, at_us: Instant, delivery: Delivery | None = None) -> NewEntry:
    """The entry that carries a batch of reads. A delivery without any new read is journalled too: it was confirmed."""
    return NewEntry(
        kind=EntryKind.READS,
        body=encode_reads(batch, delivery),
        at_us=at_us,
        source=batch.source,
        version=READS_VERSION,
    )


def decode(entry: Entry) -> Body:
    """What an entry says.

    Raises: JournalRefused when the body is of a version this Calanque does not know, or is none at all.
    """
    if entry.version != _VERSIONS[entry.kind]:
        raise JournalRefused(
            f"entry {entry.number} ({entry.kind}) has version {entry.version}; this version of Calanque reads "
            f"{_VERSIONS[entry.kind]}: use the version that wrote it, or a newer one"
        )
    try:
        if entry.kind is EntryKind.READS:
            return decode_reads(_source(entry), entry.body)
        return _DECODERS[entry.kind](entry)
    except (ValueError, KeyError, TypeError, ArithmeticError, zlib.error, struct.error) as error:
        raise JournalRefused(f"entry {entry.number} ({entry.kind}) cannot be understood: {error}") from error


def _source(entry: Entry) -> SourceId:
    if entry.source is None:
        raise ValueError("it names no source")
    return entry.source


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _fields(entry: Entry) -> dict[str, Any]:
    found = json.loads(entry.body)
    if not isinstance(found, dict):
        raise TypeError("it is no JSON object")
    return found


def _encode_rules(body: RulesBody) -> bytes:
    return _json({"text": body.text, "file": body.file, "author": body.author})


def _decode_rules(entry: Entry) -> RulesBody:
    return RulesBody(**_fields(entry))


def _decode_roster(entry: Entry) -> RosterBody:
    return decode_roster(entry.body)


def _encode_gun(body: GunBody) -> bytes:
    clock = None if body.clock is None else body.clock.value
    return _json(
        {
            "wave": body.wave,
            "instant_us": body.instant_us,
            "origin": body.origin,
            "source": body.source,
            "stamp_us": body.stamp_us,
            "clock": clock,
            "author": body.author,
        }
    )


def _decode_gun(entry: Entry) -> GunBody:
    found = _fields(entry)
    if found["clock"] is not None:
        found["clock"] = ClockKind(found["clock"])
    return GunBody(**found)


def _encode_closing(body: ClosingBody) -> bytes:
    return _json({"point": body.point, "at_us": body.at_us, "author": body.author})


def _decode_closing(entry: Entry) -> ClosingBody:
    return ClosingBody(**_fields(entry))


def _encode_publication(body: PublicationBody) -> bytes:
    return _json(
        {
            "number": body.number,
            "at_us": body.at_us,
            "through": body.through,
            "files": dict(body.files),
            "author": body.author,
        }
    )


def _decode_publication(entry: Entry) -> PublicationBody:
    return PublicationBody(**_fields(entry))


def _encode_loss(body: LossBody) -> bytes:
    return _json({"source": body.source, "store": body.store, "ranges": body.ranges})


def _decode_loss(entry: Entry) -> LossBody:
    found = _fields(entry)
    ranges = tuple((int(first), int(last)) for first, last in found["ranges"])
    return LossBody(source=SourceId(found["source"]), store=found["store"], ranges=ranges)


def _encode_clock(body: ClockBody) -> bytes:
    return _json(
        {
            "source": body.source,
            "clock_us": body.clock_us,
            "asked_us": body.asked_us,
            "round_trip_us": body.round_trip_us,
        }
    )


def _decode_clock(entry: Entry) -> ClockBody:
    return ClockBody(**_fields(entry))


def _encode_note(body: NoteBody) -> bytes:
    return _json({"text": body.text, "author": body.author})


def _decode_note(entry: Entry) -> NoteBody:
    return NoteBody(**_fields(entry))


def _encode_ruling(body: RulingBody) -> bytes:
    return _json(ruling_fields(body))


def _decode_ruling(entry: Entry) -> RulingBody:
    return ruling_of(_fields(entry))


def _encode_plain(body: Any) -> bytes:
    return _json(plain(body))


def _decode_sighting(entry: Entry) -> SightingBody:
    sighting: SightingBody = built(SightingBody, _fields(entry))
    return sighting


def _decode_posting(entry: Entry) -> PostingBody:
    posting: PostingBody = built(PostingBody, _fields(entry))
    return posting


def _encode_desk(body: DeskBody) -> bytes:
    return _json(desk_fields(body))


def _decode_desk(entry: Entry) -> DeskBody:
    return desk_body_of(_fields(entry))


def _decode_host_step(entry: Entry) -> HostStepBody:
    step: HostStepBody = built(HostStepBody, _fields(entry))
    return step


_VERSIONS: Final[Mapping[EntryKind, int]] = dict.fromkeys(EntryKind, 1) | {EntryKind.READS: READS_VERSION}

_ENCODERS: Final[Mapping[type, tuple[EntryKind, Callable[[Any], bytes]]]] = {
    RulesBody: (EntryKind.RULES, _encode_rules),
    RosterBody: (EntryKind.ROSTER, encode_roster),
    GunBody: (EntryKind.GUN, _encode_gun),
    ClosingBody: (EntryKind.CLOSING, _encode_closing),
    PublicationBody: (EntryKind.PUBLICATION, _encode_publication),
    LossBody: (EntryKind.LOSS, _encode_loss),
    ClockBody: (EntryKind.CLOCK, _encode_clock),
    NoteBody: (EntryKind.NOTE, _encode_note),
    RulingBody: (EntryKind.RULING, _encode_ruling),
    SightingBody: (EntryKind.SIGHTING, _encode_plain),
    PostingBody: (EntryKind.POSTING, _encode_plain),
    HostStepBody: (EntryKind.HOST_STEP, _encode_plain),
    **dict.fromkeys(typing.get_args(DeskBody), (EntryKind.DESK, _encode_desk)),
}

_DECODERS: Final[Mapping[EntryKind, Callable[[Entry], Body]]] = {
    EntryKind.RULES: _decode_rules,
    EntryKind.ROSTER: _decode_roster,
    EntryKind.GUN: _decode_gun,
    EntryKind.CLOSING: _decode_closing,
    EntryKind.PUBLICATION: _decode_publication,
    EntryKind.LOSS: _decode_loss,
    EntryKind.CLOCK: _decode_clock,
    EntryKind.NOTE: _decode_note,
    EntryKind.RULING: _decode_ruling,
    EntryKind.SIGHTING: _decode_sighting,
    EntryKind.POSTING: _decode_posting,
    EntryKind.HOST_STEP: _decode_host_step,
    EntryKind.DESK: _decode_desk,
}
