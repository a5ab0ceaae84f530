"""The mats whose readers speak MQTT themselves, in the running engine: journalled, then acknowledged to the broker."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from calanque.far_mats import race_broker
from readers.capture import CaptureWriter
from readers.intake import Sink
from readers.mqtt_readers import MqttReaders
from timing.race import Source
from timing.reads import SourceId

if TYPE_CHECKING:
    from calanque.engine import Engine


def mqtt_readers(
    engine: "Engine", sources: Sequence[Source], sink: Sink, captures: Mapping[SourceId, CaptureWriter]
) -> MqttReaders:
    """The intake of these sources, on the race's broker. Keep its `run` running.

    Raises: FrontDoorError when no broker is known; BadEndpoint when two sources would hear the same.
    """
    return MqttReaders(
        race=engine.plan.race.id,
        sources=sources,
        broker=race_broker(engine),
        sink=sink,
        clock=engine.clock,
        captures=captures,
    )
