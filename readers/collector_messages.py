"""The small messages of the collector protocol: engine, confirmed, status, command, reply. Parse and encode.

Source: docs/collector_protocol.md. What cannot be understood comes back as `Refused` with the reason. Parts of a status
that are not known, or are of another type than the page says, are None: a heartbeat is worth more than its details.
The `reads` message has its own module, `collector_batch`. No input or output, no clock.
"""

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

from readers.collector_cursor import HIGHEST, Cursor, Range
from readers.collector_json import Refused, clean, compact, strict_object
from readers.collector_topics import is_name

MAX_BYTES: Final = 256 * 1024
MAX_RANGES: Final = 1_000
"""Ranges in one `also` or `gone`. Those left out count as not confirmed, and are told when lower ones are filled."""

_LONGEST_TEXT: Final = 200
_MOST_ALARMS: Final = 50


CommandId: TypeAlias = str | int
"""Whoever asks chooses it; the answer repeats it unchanged."""


class Presence(enum.StrEnum):
    HERE = "here"
    AWAY = "away"


class Sync(enum.StrEnum):
    """What keeps the collector host's clock right."""

    NTP = "ntp"
    GPS = "gps"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    state: Presence
    journal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """Reads 1 to `through`, and those in `also`, are in the journal of that identity and would survive a power cut."""

    store: str
    journal: str
    through: int
    also: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStatus:
    """The reader behind a collector. `clock_us` is its clock (as `stamp_us`) at host instant `asked_us`."""

    link: str | None = None
    protocol: str | None = None
    since_us: int | None = None
    clock_us: int | None = None
    asked_us: int | None = None
    round_trip_us: int | None = None
    battery_percent: float | None = None
    battery_minutes: float | None = None
    temperature_c: float | None = None
    mains: bool | None = None
    reads: int | None = None

    def known(self) -> dict[str, Any]:
        """What is known, as it goes into a message."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUp:
    store: str
    boot: str
    steady_us: int | None = None
    now_us: int | None = None
    sync: Sync | None = None
    last: int | None = None
    held_from: int | None = None
    unconfirmed: int | None = None
    version: str | None = None
    alarms: tuple[str, ...] = ()
    reader: ReaderStatus = ReaderStatus()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLost:
    """The will: the broker says that the collector's connection broke."""

    store: str
    boot: str


Status: TypeAlias = StatusUp | StatusLost


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    id: CommandId
    first: int
    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewind:
    id: CommandId
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    id: CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    id: CommandId
    journal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    id: CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCommand:
    """A request with an id that cannot be met: it is answered with the error."""

    id: CommandId
    error: str


Command: TypeAlias = Send | Rewind | Probe | Accept | Renew


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to the command of that id. `gone`: asked for, and no longer held. `fields`: what else it says."""

    id: CommandId
    ok: bool
    error: str | None = None
    gone: tuple[Range, ...] = ()
    fields: dict[str, Any]


def parse_engine(payload: bytes) -> EngineState | Refused:
    message = strict_object(payload, limit=MAX_BYTES)
    if isinstance(message, Refused):
        return message
    state, journal = message.get("state"), _text(message.get("journal"))
    if not isinstance(state, str) or state not in _PRESENCES or journal is None:
        return Refused(reason='an engine state needs `state` ("here" or "away") and `journal`')
    return EngineState(state=Presence(state), journal=journal)


def encode_engine(state: EngineState) -> bytes:
    return compact({"state": state.state.value, "journal": state.journal})


def parse_confirmed(payload: bytes) -> Confirmed | Refused:
    message = strict_object(payload, limit=MAX_BYTES)
    if isinstance(message, Refused):
        return message
    store, journal, through = message.get("store"), _text(message.get("journal")), _whole(message.get("through"))
    if not is_name(store) or journal is None or through is None or not 0 <= through < HIGHEST:
        return Refused(reason="a confirmation needs `store`, `journal` and `through` (an integer from 0 on)")
    also = _ranges(message.get("also", []))
    if also is None:
        return Refused(reason="`also` is not an array of [first, last]")
    return Confirmed(store=store, journal=journal, through=through, also=also)


def encode_confirmed(store: str, journal: str, cursor: Cursor) -> bytes:
    message: dict[str, Any] = {"store": store, "journal": journal, "through": cursor.through}
    if also := cursor.also[:MAX_RANGES]:
        message["also"] = [list(part) for part in also]
    return compact(message)


def parse_status(payload: bytes) -> Status | Refused:
    message = strict_object(payload, limit=MAX_BYTES)
    if isinstance(message, Refused):
        return message
    state, store, boot = message.get("state"), message.get("store"), _text(message.get("boot"))
    if not is_name(store) or boot is None:
        return Refused(reason="a status needs `store` and `boot`")
    if state == "lost":
        return StatusLost(store=store, boot=boot)
    if state != "up":
        return Refused(reason='a status needs `state`, "up" or "lost"')
    sync, alarms = message.get("sync"), message.get("alarms")
    return StatusUp(
        store=store,
        boot=boot,
        steady_us=_whole(message.get("steady_us")),
        now_us=_whole(message.get("now_us")),
        sync=Sync(sync) if isinstance(sync, str) and sync in _SYNCS else None,
        last=_whole(message.get("last")),
        held_from=_whole(message.get("held_from")),
        unconfirmed=_whole(message.get("unconfirmed")),
        version=_text(message.get("version")),
        alarms=_texts(alarms) if isinstance(alarms, list) else (),
        reader=_reader(message.get("reader")),
    )


def encode_status(status: Status) -> bytes:
    if isinstance(status, StatusLost):
        return compact({"state": "lost", "store": status.store, "boot": status.boot})
    message = {"state": "up", **{name: value for name, value in asdict(status).items() if value is not None}}
    message["alarms"] = list(status.alarms)
    message["reader"] = status.reader.known()
    return compact(message)


def parse_command(payload: bytes) -> Command | BadCommand | Refused:
    """A request. `Refused` when it has no `id`, so that it cannot even be answered."""
    message = strict_object(payload, limit=MAX_BYTES)
    if isinstance(message, Refused):
        return message
    name = _id(message.get("id"))
    if name is None:
        return Refused(reason="a command needs an `id`")
    match message.get("do"):
        case "send":
            first, through = _whole(message.get("from")), _whole(message.get("through"))
            if first is None or through is None or not 1 <= first <= through < HIGHEST:
                return BadCommand(id=name, error="send needs integers `from` >= 1 and `through` >= `from`")
            return Send(id=name, first=first, through=through)
        case "rewind":
            from_us, to_us = _whole(message.get("from_us")), _whole(message.get("to_us"))
            if from_us is None or to_us is None or from_us > to_us:
                return BadCommand(id=name, error="rewind needs integers `from_us` and `to_us` >= `from_us`")
            return Rewind(id=name, from_us=from_us, to_us=to_us)
        case "probe":
            return Probe(id=name)
        case "accept":
            journal = _text(message.get("journal"))
            if journal is None:
                return BadCommand(id=name, error="accept needs `journal`")
            return Accept(id=name, journal=journal)
        case "renew":
            return Renew(id=name)
        case other:
            known = "send, rewind, probe, accept, renew"
            return BadCommand(id=name, error=f"unknown command {clean(repr(other), 40)}; there are: {known}")


def encode_command(command: Command) -> bytes:
    match command:
        case Send():
            return compact({"id": command.id, "do": "send", "from": command.first, "through": command.through})
        case Rewind():
            return compact({"id": command.id, "do": "rewind", "from_us": command.from_us, "to_us": command.to_us})
        case Probe():
            return compact({"id": command.id, "do": "probe"})
        case Accept():
            return compact({"id": command.id, "do": "accept", "journal": command.journal})
        case Renew():
            return compact({"id": command.id, "do": "renew"})


def parse_reply(payload: bytes) -> Reply | Refused:
    message = strict_object(payload, limit=MAX_BYTES)
    if isinstance(message, Refused):
        return message
    name = _id(message.get("id"))
    if name is None:
        return Refused(reason="a reply needs an `id`")
    gone = _ranges(message.get("gone", []))
    if gone is None:
        return Refused(reason="`gone` is not an array of [first, last]")
    error = _text(message.get("error"))
    if error is None and "error" in message:
        error = "an error that is not text"
    rest = {key: value for key, value in message.items() if key not in ("id", "ok", "error", "gone")}
    return Reply(id=name, ok=error is None, error=error, gone=gone, fields=rest)


def encode_reply(
    name: CommandId, *, error: str | None = None, gone: Sequence[Range] = (), fields: dict[str, Any] | None = None
) -> bytes:
    message: dict[str, Any] = {"id": name, **(fields or {})}
    if error is None:
        message["ok"] = True
    else:
        message["error"] = error
    if gone:
        message["gone"] = [list(part) for part in gone[:MAX_RANGES]]
    return compact(message)


_PRESENCES: Final = frozenset(presence.value for presence in Presence)
_SYNCS: Final = frozenset(sync.value for sync in Sync)


def _whole(value: object) -> int | None:
    """An integer that fits into 64 bits, else None."""
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _id(value: object) -> CommandId | None:
    """Kept exactly: it goes back as it came."""
    if isinstance(value, str):
        return value if 0 < len(value) <= _LONGEST_TEXT else None
    return _whole(value)


def _number(value: object) -> float | None:
    return float(value) if type(value) in (int, float) and -1e9 < value < 1e9 else None  # type: ignore[arg-type,operator]


def _text(value: object) -> str | None:
    """Non-empty text, made safe to show, else None."""
    return clean(value, _LONGEST_TEXT) if isinstance(value, str) and value else None


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(text for value in values[:_MOST_ALARMS] if (text := _text(value)) is not None)


def _ranges(value: object) -> tuple[Range, ...] | None:
    """Ranges of numbers as [[first, last], …], else None. At most `MAX_RANGES` are taken."""
    if not isinstance(value, list):
        return None
    made: list[Range] = []
    for part in value[:MAX_RANGES]:
        if not isinstance(part, list) or len(part) != 2:
            return None
        first, last = _whole(part[0]), _whole(part[1])
        if first is None or last is None or not 1 <= first <= last < HIGHEST:
            return None
        made.append((first, last))
    return tuple(made)


def _reader(value: object) -> ReaderStatus:
    if not isinstance(value, dict):
        return ReaderStatus()
    mains = value.get("mains")
    return ReaderStatus(
        link=_text(value.get("link")),
        protocol=_text(value.get("protocol")),
        since_us=_whole(value.get("since_us")),
        clock_us=_whole(value.get("clock_us")),
        asked_us=_whole(value.get("asked_us")),
        round_trip_us=_whole(value.get("round_trip_us")),
        battery_percent=_number(value.get("battery_percent")),
        battery_minutes=_number(value.get("battery_minutes")),
        temperature_c=_number(value.get("temperature_c")),
        mains=mains if isinstance(mains, bool) else None,
        reads=_whole(value.get("reads")),
    )
