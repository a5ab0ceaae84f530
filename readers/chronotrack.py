"""The conversation with a program that speaks ChronoTrack's CTP01 and calls us: SimpleClient, StreamManager,
TimingSense. Bytes in, events out.

The client greets, we answer with the settings we wish and ask what there is, and `start` makes it send all reads of
its session from the first on. So nothing is lost with a link: each connection begins with everything again, and what
is known already counts once. Times are asked for with their date (`time-format=iso`).

Says nothing but the words of `_Words`. Source: see `readers.chronotrack_frames`; docs/readers_chronotrack.md.
"""

from typing import Final

from readers.chronotrack_frames import ENDING, PROTOCOL_NAME, line
from readers.chronotrack_lines import (
    NO_LINE,
    ChronoTrackStream,
    NewLocation,
    Seen,
    is_read,
    name_of,
    read_line,
)
from readers.events import DecoderEvent, Malformed, MemoryProgress, MemoryState, StatusKind, StatusSeen
from readers.heartbeat import Heartbeat
from readers.malformed import malformed
from readers.protocol import Now
from timing.reads import ChipRead

PING_EVERY_US: Final = 3_000_000
"""A dead link is told within ten seconds; 10 to 15 s, as is usual, would take longer."""
START_WITHIN_US: Final = 2_000_000
"""After asking for the locations `start` is said, answered or not: some clients keep silent until then."""
QUIET_US: Final = 2_000_000
"""No read for so long after `start`: what there was has come (*inferred*; nothing marks the end)."""
ALL_WITHIN_US: Final = 60_000_000
"""At a busy line there is no quiet; after this the past has come in any case (*inferred*)."""
NEW_LOCATIONS_MAX: Final = 200

SETTINGS: Final = {
    "location": "multi",
    "guntimes": "true",
    "newlocations": "true",
    "authentication": "none",
    "connection-id": "false",
    "stream-mode": "push",
    "pushmode-ack": "false",
    "time-format": "iso",
}
_DATELESS: Final = (
    'the program sends times without a date though asked for them: give the source clock = "time_of_day", '
    "or its reads stay held"
)
_ZONED: Final = "the program sends times with a zone; they are taken as written: is the source's clock right?"


class _Words:
    """All that can be said to a client. None of them stops, clears or sets anything on a controller."""

    WELCOME: Final = line("Calanque", "1", str(len(SETTINGS))) + b"".join(
        line(f"{key}={value}") for key, value in SETTINGS.items()
    )
    EVENT: Final = line("geteventinfo")
    LOCATIONS: Final = line("getlocations")
    START: Final = line("start")
    PING: Final = line("ping")
    ACK_PING: Final = line("ack", "ping")

    @staticmethod
    def start_of(location: str) -> bytes:
        """In the client's own bytes, whatever they stand for."""
        return b"start~" + location.encode("latin-1") + ENDING


class ChronoTrackProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self) -> None:
        self._stream = ChronoTrackStream()
        self._heartbeat = Heartbeat(PING_EVERY_US)
        self._start_over()

    def _start_over(self) -> None:
        self._out = b""
        self._greeted = False
        self._start_due_us: int | None = None
        self._all_wanted = False
        self._new_locations: list[str] = []
        """Of which everything is to be sent, too, once their names have been asked for."""
        self._obeyed: set[str] = set()
        """Lines that said a location is new."""
        self._memory_asked = False
        self._started_us: int | None = None
        self._quiet_us = 0
        self._told: set[str] = set()

    # The driver's side

    def connected(self, now: Now) -> None:
        """The client speaks first."""
        self._stream.forget()
        self._start_over()
        self._heartbeat.start(now.steady_us)

    def disconnected(self) -> list[DecoderEvent]:
        self._heartbeat.stop()
        self._start_over()
        return list(self._stream.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        events: list[DecoderEvent] = []
        for found in self._stream.feed(data):
            if isinstance(found, Malformed):
                events.append(found)
            elif is_read(found):
                events += self._read(found, now)
            else:
                events += self._said(found, now)
        return events

    def data_to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def next_deadline(self) -> int | None:
        due = [self._heartbeat.due_us, self._start_due_us, self._all_due_us]
        return min((at for at in due if at is not None), default=None)

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        if self._start_due_us is not None and now.steady_us >= self._start_due_us:
            self._start(now)
        # Not before the greeting: the client reads the settings as the first lines that come.
        if self._heartbeat.take(now.steady_us) and self._greeted:
            self._out += _Words.PING
        all_us = self._all_due_us
        if all_us is not None and now.steady_us >= all_us:
            self._started_us = None
            return [MemoryProgress(state=MemoryState.DONE)]
        return []

    def ask_memory(self, since: object, now: Now) -> None:
        """All of the client's session comes, from whatever read on it was asked; at a new link it does so anyway."""
        self._memory_asked = True
        self._all_wanted = self._greeted
        if self._greeted and self._start_due_us is None:
            self._start(now)

    @property
    def unanswered_since_us(self) -> int | None:
        return self._heartbeat.unanswered_since_us

    @property
    def _all_due_us(self) -> int | None:
        """When the past has come, as far as can be told."""
        if self._started_us is None or not self._memory_asked:
            return None
        return min(self._quiet_us, self._started_us + ALL_WITHIN_US)

    def _start(self, now: Now) -> None:
        """Everything of all locations, or of the new ones by their names."""
        self._start_due_us = None
        if self._all_wanted:
            self._out += _Words.START
        else:
            self._out += b"".join(map(_Words.start_of, self._new_locations))
        self._all_wanted = False
        self._new_locations.clear()
        self._started_us = now.steady_us
        self._quiet_us = now.steady_us + QUIET_US

    # What the client says

    def _read(self, text: str, now: Now) -> list[DecoderEvent]:
        seen = read_line(text, now.race_us)
        if isinstance(seen, str):
            return [malformed(seen, text)]
        self._heartbeat.heard()
        if isinstance(seen, NewLocation):
            return self._new_location(seen, now)
        assert isinstance(seen, Seen)
        events: list[DecoderEvent] = [seen.event]
        if isinstance(seen.event, ChipRead):
            self._quiet_us = now.steady_us + QUIET_US
            if not seen.stamp.dated:
                events += self._warn_once(_DATELESS)
        if seen.stamp.zoned:
            events += self._warn_once(_ZONED)
        return events

    def _new_location(self, seen: NewLocation, now: Now) -> list[DecoderEvent]:
        sent = seen.raw.split("~")[2].strip()
        # The line is part of the session, and comes again with what it made us ask for.
        if seen.raw in self._obeyed or len(self._obeyed) >= NEW_LOCATIONS_MAX:
            return []
        self._obeyed.add(seen.raw)
        self._out += _Words.LOCATIONS
        self._start_due_us = now.steady_us + START_WITHIN_US
        if seen.name and sent not in self._new_locations:
            self._new_locations.append(sent)
        return [StatusSeen(kind=StatusKind.SETTING, text=f"new location {seen.name}", raw=seen.raw)]

    def _said(self, text: str, now: Now) -> list[DecoderEvent]:
        fields = text.split("~")
        match fields:
            case ["ping"]:
                self._heartbeat.heard()
                self._out += _Words.ACK_PING
                return []
            case ["ack", "ping"] | ["ping", "ack"]:
                self._heartbeat.heard(answer=True)
                return []
            case ["ack", "getlocations", *names]:
                self._heartbeat.heard()
                if self._start_due_us is not None:
                    self._start(now)
                said = ", ".join(filter(None, map(name_of, names))) or "none"
                return [StatusSeen(kind=StatusKind.SETTING, text=f"locations: {said}", raw=text)]
            case ["ack", "geteventinfo", *about]:
                self._heartbeat.heard()
                said = ", ".join(filter(None, map(name_of, about)))
                return [StatusSeen(kind=StatusKind.SETTING, text=f"event: {said}", raw=text)]
            case ["ack", *_]:
                self._heartbeat.heard()
                return [StatusSeen(kind=StatusKind.ANSWER, text=name_of(text), raw=text)]
            case [program, version, protocol] if protocol.startswith("CTP"):
                return self._greet(name_of(f"{program} {version}"), protocol, text, now)
        return [malformed(NO_LINE, text)]

    def _greet(self, program: str, protocol: str, text: str, now: Now) -> list[DecoderEvent]:
        self._heartbeat.heard()
        self._greeted = True
        self._all_wanted = True
        self._out += _Words.WELCOME + _Words.EVENT + _Words.LOCATIONS
        self._start_due_us = now.steady_us + START_WITHIN_US
        if protocol != PROTOCOL_NAME:
            said = f"{program} speaks {name_of(protocol)}; {PROTOCOL_NAME} is known here: look whether its reads come"
            return [StatusSeen(kind=StatusKind.WARNING, text=said, raw=text)]
        return [StatusSeen(kind=StatusKind.SETTING, text=f"program: {program}", raw=text)]

    def _warn_once(self, text: str) -> list[DecoderEvent]:
        if text in self._told:
            return []
        self._told.add(text)
        return [StatusSeen(kind=StatusKind.WARNING, text=text)]


PROTOCOL = ChronoTrackProtocol
