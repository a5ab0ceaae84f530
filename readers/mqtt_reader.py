"""One reader that speaks MQTT itself: its decoder, what came of it, and how it is. No connection, no journal."""

import dataclasses
from typing import Final

from readers.capture import CaptureWriter
from readers.events import DecoderEvent, GunSeen, Malformed, MemoryState
from readers.health import Link, SourceHealth
from readers.intake import Item
from readers.json_reader import JsonReader
from readers.malformed import MalformedAllowance
from readers.mqtt_filters import filter_of
from readers.protocol import Now
from readers.source_picture import clean
from timing.race import Source
from timing.reads import ChipRead

_NOT_LET = "the broker does not let us hear {}: see the rights of user engine on the broker"
_CAPTURED_LINE: Final = bytes.maketrans(b"\r\n", b"  ")


class MqttReader:
    """Attributes: source; topics: its filter; heard: whether the broker lets us hear it, None before it has answered;
    lost: messages that came without acknowledgement (QoS 0) and found no room."""

    def __init__(self, source: Source, decoder: JsonReader, capture: CaptureWriter | None, since_us: int) -> None:
        self.source = source
        self.topics = filter_of(source.connect)
        self.heard: bool | None = None
        self.lost = 0
        self._decoder = decoder
        self._capture = capture
        self._unsafe = False
        self._kept = SourceHealth(source=source.id, endpoint=source.connect, since_us=since_us, memory=MemoryState.NONE)
        self._allowance = MalformedAllowance()

    def take(self, payload: bytes, now: Now, *, retained: bool, qos: int) -> list[Item]:
        """Decode a message; what of it is for the sink."""
        if self._capture is not None and not retained:
            # A line for each message: JSON has no line breaks that matter, and so a recording can be replayed.
            self._capture.received(payload.translate(_CAPTURED_LINE) + b"\n", now.race_us)
        self._unsafe = self._unsafe or (qos == 0 and not retained)
        events = self._decoder.message(payload, now, retained=retained)
        items = [event for event in events if self._is_for_the_sink(event, now)]
        self._count(events, len(payload))
        return [item for item in items if isinstance(item, ChipRead | GunSeen | Malformed)]

    def _is_for_the_sink(self, event: DecoderEvent, now: Now) -> bool:
        if isinstance(event, Malformed):
            return self._allowance.keeps(now.steady_us / 1e6)
        return isinstance(event, ChipRead | GunSeen)

    def _count(self, events: list[DecoderEvent], size: int) -> None:
        kept = self._kept
        reads = [event for event in events if isinstance(event, ChipRead)]
        stamps = [read.stamp_us for read in reads]
        known = kept.last_stamp_us
        self._kept = dataclasses.replace(
            kept,
            reads=kept.reads + len(reads),
            malformed=kept.malformed + sum(isinstance(event, Malformed) for event in events),
            guns=kept.guns + sum(isinstance(event, GunSeen) for event in events),
            bytes_in=kept.bytes_in + size,
            last_read_us=reads[-1].received_us if reads else kept.last_read_us,
            last_stamp_us=max([*stamps, *([] if known is None else [known])], default=None),
        )

    def health(self, now: Now, broker_error: str, *, queue: int, peak: int, sink_error: str) -> SourceHealth:
        """How the source is now. `broker_error`: why there is no broker, empty when there is one."""
        link, error = self._link(now, broker_error)
        if link is not self._kept.link:
            self._kept = dataclasses.replace(self._kept, link=link, since_us=now.race_us)
        return dataclasses.replace(
            self._kept,
            error=clean(sink_error or error),
            gap=self._decoder.missing > 0,
            queue=queue,
            queue_peak=peak,
            capture_lost=0 if self._capture is None else self._capture.lost,
            warning="; ".join(self._warnings()),
        )

    def _link(self, now: Now, broker_error: str) -> tuple[Link, str]:
        decoder = self._decoder
        if broker_error:
            return Link.DOWN, broker_error
        if self.heard is None:
            return Link.DOWN, "asking the broker for its messages"
        if not self.heard:
            return Link.DOWN, _NOT_LET.format(self.topics)
        if decoder.present is False:
            return Link.DOWN, "the reader's connection to the broker is lost; it comes back by itself"
        if (silent_us := decoder.silent_for_us(now.steady_us)) is not None:
            return Link.DOWN, f"no heartbeat of the reader for {silent_us // 1_000_000} s"
        if decoder.understood or decoder.present:
            return Link.UP, ""
        if self._kept.malformed:
            return Link.UNINTELLIGIBLE, "messages come but make no sense: probably another kind of reader"
        return Link.OPENED, ""

    def _warnings(self) -> list[str]:
        warnings = list(self._decoder.standing())
        if self._unsafe:
            warnings.append("the reader publishes with QoS 0: what is under way is lost with a link; set QoS 1 on it")
        if self.lost:
            warnings.append(f"{self.lost} messages without acknowledgement found no room and are lost")
        if self._capture is not None and self._capture.error:
            warnings.append(self._capture.error)
        return warnings
