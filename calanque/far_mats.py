"""The mats behind collectors, in the running engine: what the MQTT intake brings goes into the journal.

Quarantined messages are kept in a bounded file of the race folder, for whoever looks into a broken collector.
"""

import base64
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from calanque.errors import FrontDoorError
from calanque.running import broker_of
from readers.collector_messages import StatusUp
from readers.mqtt_alarms import IntakeAlarm, Quarantined
from readers.mqtt_intake import MqttIntake
from readers.mqtt_ledger import CollectorBatch
from readers.mqtt_link import BrokerAddress
from timing.entries import LossBody
from timing.reads import SourceId

if TYPE_CHECKING:
    from calanque.engine import Engine

logger = logging.getLogger(__name__)

QUARANTINE_BYTES_MAX: Final = 4 * 2**20
ENGINE_USER: Final = "engine"


class FarMats:
    """The intake of one engine, and its sink."""

    def __init__(self, engine: "Engine", sources: Sequence[SourceId]) -> None:
        race = engine.plan.race
        self._engine = engine
        self.broker = race_broker(engine)
        self.intake = MqttIntake(
            race=race.id,
            sources={source.id: source.clock for source in race.sources if source.id in sources},
            journal_id=engine.journal.id,
            broker=self.broker,
            sink=self,
            cursors=engine.state.cursors,
        )

    async def run(self) -> None:
        await self.intake.run()

    def told(self) -> dict[str, Any]:
        """The broker and what is wrong behind it, for whoever asks how the race is."""
        link = self.intake.link
        return {
            "address": str(self.broker),
            "up": link.up,
            "error": link.error,
            "alarms": [alarm.text for alarm in self.intake.alarms],
        }

    def refresh_board(self) -> None:
        """How the far sources are, onto the board."""
        for health in self.intake.source_health():
            self._engine.board.note(health)

    # What the intake asks of its sink.

    async def batch(self, source: SourceId, batch: CollectorBatch) -> None:
        await self._engine.recorder.reads(batch.reads, batch.delivery)

    async def loss(self, source: SourceId, store: str, ranges: Sequence[tuple[int, int]]) -> None:
        await self._engine.recorder.record(LossBody(source=source, store=store, ranges=tuple(ranges)))

    def status(self, source: SourceId, status: StatusUp) -> None:
        """Its heartbeat is on the board already, through the intake's health."""

    def alarm(self, alarm: IntakeAlarm) -> None:
        logger.log(
            logging.WARNING if alarm.active else logging.INFO, "%s%s", alarm.text, "" if alarm.active else ": over"
        )

    def quarantined(self, message: Quarantined) -> None:
        logger.warning("set aside: %s", message.reason)
        file = self._engine.folder.quarantine
        if file.exists() and file.stat().st_size > QUARANTINE_BYTES_MAX:
            return
        line = {
            "at_us": self._engine.clock.now_us(),
            "topic": message.topic,
            "reason": message.reason,
            "size": message.size,
            "retained": message.retained,
            "sample": base64.b64encode(message.sample).decode("ascii"),
        }
        try:
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
        except OSError as error:
            # Evidence of somebody else's mistake is not worth a race: it has been counted and logged.
            logger.warning("%s cannot be written: %s", file, error)


def race_broker(engine: "Engine") -> BrokerAddress:
    """Where the broker is: the command line, else the race file, else the embedded broker of this folder.

    Raises: FrontDoorError when nobody says.
    """
    if engine.options.broker is not None:
        return engine.options.broker
    plan = engine.plan.broker
    if plan.url is None:
        raise FrontDoorError(
            "the race has mats that are heard over MQTT and no broker is known: "
            f"start `calanque broker {engine.folder.path}`, or give --broker mqtt://host:port"
        )
    password = None
    if plan.password_file is not None:
        try:
            password = (engine.folder.path / plan.password_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise FrontDoorError(f"broker.password_file {plan.password_file}: {error.strerror}") from error
    return broker_of(plan.url, plan.user or ENGINE_USER, password)
