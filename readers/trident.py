"""A Trident "Time Machine": lines that look like an IPICO's, listened to and nothing else.

Source: the maker's manual ("Tag data message format", and the ports of the Legacy page). What it answers to an IPICO's
questions is not known, so none is asked: with the `ipico` protocol a link to it would be given up for silence. A link
that died is noticed by the system. Its memory is in its files `raw.log` and `filtered.log`. Never raises.
"""

from typing import Final

from readers.events import DecoderEvent, MemoryProgress, MemoryState
from readers.ipico_records import ControlFrame
from readers.ipico_stream import IpicoStream, StreamEvent
from readers.protocol import Now, Since

NO_MEMORY: Final = "its memory cannot be asked from here: fetch its file raw.log and read it in"


class TridentProtocol:
    """See `readers.protocol.Protocol`."""

    def __init__(self, *, keep_raw: bool = False) -> None:
        self._stream = IpicoStream(keep_raw=keep_raw)
        self._asked_us: int | None = None

    def connected(self, now: Now) -> None:
        self._stream.forget()
        self._asked_us = None

    def disconnected(self) -> list[DecoderEvent]:
        self._asked_us = None
        return _observed(self._stream.forget())

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        return _observed(self._stream.feed(data, now.race_us))

    def data_to_send(self) -> bytes:
        return b""

    def next_deadline(self) -> int | None:
        return self._asked_us

    def handle_deadline(self, now: Now) -> list[DecoderEvent]:
        if self._asked_us is None:
            return []
        self._asked_us = None
        return [MemoryProgress(state=MemoryState.NONE, text=NO_MEMORY)]

    def ask_memory(self, since: Since | None, now: Now) -> None:
        """Told at once that there is none to ask."""
        self._asked_us = now.steady_us

    @property
    def unanswered_since_us(self) -> int | None:
        return None


def _observed(events: list[StreamEvent]) -> list[DecoderEvent]:
    """Without the control frames of an IPICO: they mean nothing here."""
    return [event for event in events if not isinstance(event, ControlFrame)]


PROTOCOL = TridentProtocol
