"""A capture fed to a protocol again: the events of the day, with the arrivals of the day, as fast as it goes.

No link, no questions: what the reader answered then is in the capture. The protocol's own time is the race clock of
the arrivals. Whoever replays at a pace waits between batches for their arrivals to come due.
"""

from collections.abc import Iterable, Iterator

from readers.capture import CaptureKind, CaptureRecord
from readers.events import DecoderEvent
from readers.protocol import Now, Protocol, Replaying


def replayed(records: Iterable[CaptureRecord], protocol: Protocol) -> Iterator[list[DecoderEvent]]:
    """The events of each captured block, in order; blocks without events are left out.

    Raises: whatever reading `records` raises.
    """
    open_link = False
    for record in records:
        now = Now(record.at_us, record.at_us)
        events: list[DecoderEvent] = []
        if record.kind in (CaptureKind.OPENED, CaptureKind.ENDED):
            if open_link:
                events = protocol.disconnected()
            open_link = record.kind is CaptureKind.OPENED
            if open_link:
                protocol.connected(now)
        elif record.kind is CaptureKind.RECEIVED:
            if not open_link:  # the oldest files may have been deleted
                protocol.connected(now)
                open_link = True
            events = protocol.receive_data(record.content, now)
        elif isinstance(protocol, Replaying):
            if record.kind is CaptureKind.REPLAY_RECEIVED:
                events = protocol.replay_received(record.content, now)
            elif record.kind is CaptureKind.REPLAY_ENDED:
                events = protocol.replay_ended(record.content.decode("utf-8", "replace"), now)
        protocol.data_to_send()
        if events:
            yield events
