"""A virtual reader at a broker: publishes with QoS 1, keeps what was not acknowledged, leaves a last will."""

import asyncio
import random
from typing import Final

import aiomqtt

from readers.mqtt_link import BrokerAddress, LinkState, keep_connected
from readers.race_clock import RaceClock
from simulators.mqtt_reader import Said, VirtualMqttReader

STATE: Final = "state"
"""Below the reader's topic: its will, and its word that it is here. docs/broker.md asks for the same."""
UP: Final = b'{"state":"up"}'
LOST: Final = b'{"state":"lost"}'
_LOOK_S: Final = 0.02
_AT_ONCE: Final = 8
"""Messages on their way that the broker has not acknowledged yet; when the link ends all of them are sent again."""


class MqttPublisher:
    """Keep `run` running. A reader at `topic` publishes events to `topic`/data, and the rest beside it."""

    def __init__(
        self,
        reader: VirtualMqttReader,
        *,
        topic: str,
        broker: BrokerAddress,
        clock: RaceClock,
        qos: int = 1,
        chance: random.Random | None = None,
    ) -> None:
        self.reader = reader
        self.published = 0
        self.link = LinkState()
        self._topic, self._broker, self._clock, self._qos = topic, broker, clock, qos
        self._chance = chance or random.Random()

    async def run(self) -> None:
        """Until cancelled."""
        await keep_connected(
            self._make_client, self._session, address=self._broker, changed=self._on_link, chance=self._chance
        )

    def _on_link(self, link: LinkState) -> None:
        self.link = link

    def _make_client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            identifier=f"reader:{self._topic}",
            will=aiomqtt.Will(f"{self._topic}/{STATE}", LOST, 1, True),
            keepalive=6,
        )

    async def _session(self, client: aiomqtt.Client) -> None:
        await client.publish(f"{self._topic}/{STATE}", UP, qos=1, retain=True)
        self.reader.host_connected(self._clock.now_us())
        said = []
        try:
            while True:
                said = self.reader.take(self._clock.now_us())
                while some := said[:_AT_ONCE]:
                    await asyncio.gather(*(self._publish(client, each) for each in some))
                    del said[: len(some)]
                    self.published += len(some)
                await asyncio.sleep(_LOOK_S)
        finally:
            self.reader.host_disconnected(self._clock.now_us())
            self.reader.give_back(said)

    async def _publish(self, client: aiomqtt.Client, said: Said) -> None:
        await client.publish(f"{self._topic}/{said.topic or 'data'}", said.payload, qos=self._qos)
