"""One MQTT connection that is kept for ever: connect, hold a session, lose it, pause, again.

Both sides of the collector protocol use it. It owns pauses, and the words in which a broken link is told; it knows no
topic and no message. MQTT 3.1.1 through aiomqtt, clean sessions: nothing is remembered between connections.

aiomqtt 2.x acknowledges a message before anybody has seen it. That is harmless here: the protocol never counts on the
broker's acknowledgement, in either direction.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

logger = logging.getLogger(__name__)

_CANCEL_AGAIN_S: Final = 0.5
SHORTEST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0
KEEPALIVE_S: Final = 6
"""The broker misses us after one and a half times this: a link that died silently is noticed within 10 s."""
ANSWER_WITHIN_S: Final = 10.0
FAREWELL_S: Final = 1.0
"""For the last words to a broker. One that hangs must not keep anybody who was told to end."""
_STEADY_S: Final = 5.0
_QUEUED_MESSAGES: Final = 2_000
"""Received and not yet looked at; looking is quick. Beyond it messages are dropped, which the protocol heals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is, and as whom to speak to it."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """How the connection to the broker is. `attempts`: since it was last up. `error`: plain words, empty when up."""

    up: bool = False
    attempts: int = 0
    error: str = ""


class SessionOver(Exception):
    """Raised in a session that wants another connection at once, with other names."""


def pauses(chance: random.Random, *, shortest_s: float = SHORTEST_PAUSE_S) -> Iterator[float]:
    """Pauses between attempts, seconds: doubling up to `LONGEST_PAUSE_S`, each shortened by chance up to a half."""
    pause = shortest_s
    while True:
        yield pause * chance.uniform(0.5, 1.0)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def keep_connected(
    make_client: Callable[[], aiomqtt.Client],
    session: Callable[[aiomqtt.Client], Awaitable[None]],
    *,
    address: BrokerAddress,
    changed: Callable[[LinkState], None],
    chance: random.Random,
) -> None:
    """Connect and hold sessions until cancelled. `changed` is told of each state of the link.

    A session ends with `SessionOver` (connect again at once), or when the connection does.
    """
    loop = asyncio.get_running_loop()
    attempts = 0
    waits = pauses(chance)
    while True:
        attempts += 1
        up_at = None
        try:
            async with make_client() as client:
                attempts, up_at = 0, loop.time()
                changed(LinkState(up=True))
                await session(client)
            error = "the session ended"
        except SessionOver:
            continue
        except aiomqtt.MqttError as problem:
            error = _in_words(problem, address)
        except OSError as problem:
            error = f"broker {address}: {problem.strerror or problem}"
        if up_at is not None and loop.time() - up_at > _STEADY_S:
            waits = pauses(chance)  # it held; one that breaks at once keeps its growing pauses
        logger.info("no link to the broker", extra={"broker": str(address), "attempt": attempts, "error": error})
        changed(LinkState(up=False, attempts=attempts, error=error))
        await asyncio.sleep(next(waits))


def make_client(address: BrokerAddress, identifier: str, will: aiomqtt.Will) -> aiomqtt.Client:
    """A client of the protocol's kind for one connection."""
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        identifier=identifier,
        will=will,
        clean_session=True,
        keepalive=KEEPALIVE_S,
        timeout=ANSWER_WITHIN_S,
        max_queued_incoming_messages=_QUEUED_MESSAGES,
        tls_params=aiomqtt.TLSParameters() if address.tls else None,
    )
    client.pending_calls_threshold = 1_000
    return client


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts of a session until one ends; the others are then cancelled.

    Raises: what the part raised that ended first.
    """
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _ended(tasks)
    for task in done:
        task.result()


async def _ended(tasks: Sequence[asyncio.Future[None]]) -> None:
    """Cancels until all have ended: under Python 3.11 `asyncio.wait_for`, which the client library is made of,
    swallows a cancellation that comes as what it waits for is there. A part would go on, and the link never be renewed.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # what each ended with is looked at


def _in_words(problem: aiomqtt.MqttError, address: BrokerAddress) -> str:
    if isinstance(problem, MqttConnectError):
        return (
            f"broker {address} refused user {address.username!r} ({problem}): "
            "check user name and password against the broker's password file"
        )
    text = str(problem) or "connection lost"
    if "refused" in text.lower():
        return f"broker {address} does not answer ({text}): is it running, and is the port right?"
    return f"broker {address}: {text}"
