"""A connection to a broker whose acknowledgements are ours to give: a message is acknowledged when it is safe.

Readers that speak MQTT have no memory. What keeps their reads while we are away or slow is the broker, for a persistent
session: it repeats at the next connection whatever was not acknowledged. So nothing is acknowledged before the journal
has it, and then in the order in which it came.

aiomqtt 2.5 acknowledges when it puts a message into its queue. The client below it (paho) can leave that to its user
(`manual_ack_set`, `ack`), and both are reached through aiomqtt's attribute `_client`: here, and nowhere else.
"""

from typing import Final

import aiomqtt

from readers.mqtt_link import ANSWER_WITHIN_S, KEEPALIVE_S, BrokerAddress

QOS: Final = 1
_REFUSED: Final = 0x80
_NO_LIMIT: Final = 0


def acknowledging_client(address: BrokerAddress, identifier: str) -> aiomqtt.Client:
    """A client for one connection of a persistent session; the session is known by the identifier.

    Its queue has no limit of its own: what finds no room there would be gone. Whoever reads from it bounds what waits.
    """
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        identifier=identifier,
        clean_session=False,
        keepalive=KEEPALIVE_S,
        timeout=ANSWER_WITHIN_S,
        max_queued_incoming_messages=_NO_LIMIT,
        tls_params=aiomqtt.TLSParameters() if address.tls else None,
    )
    client._client.manual_ack_set(True)
    return client


def acknowledge(client: aiomqtt.Client, message: aiomqtt.Message) -> None:
    """The message is safe: the broker may forget it. On a connection that has ended this does nothing."""
    if message.qos == QOS:
        client._client.ack(message.mid, message.qos)


async def listen_to(client: aiomqtt.Client, topic_filter: str) -> bool:
    """Subscribe with QoS 1. False when the broker does not let us hear it.

    Raises: aiomqtt.MqttError.
    """
    granted = await client.subscribe(topic_filter, QOS)
    return all((code if isinstance(code, int) else code.value) < _REFUSED for code in granted)
