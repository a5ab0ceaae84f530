"""How a command that runs until it is told to stop starts, logs, ends, and finds its broker."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from readers.mqtt_link import BrokerAddress
from timing.errors import RaceDayError

logger = logging.getLogger(__name__)

_THREADS: Final = "blocking work"
_PATIENCE_S: Final = 0.5


def broker_of(url: str, user: str, password: str | None) -> BrokerAddress:
    """The address of `mqtt://[user[:password]@]host[:port]` (`mqtts` for TLS).

    Raises: FrontDoorError saying what would be accepted.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FrontDoorError(f"--broker {url}: {error}; give mqtt://host:port") from error
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise FrontDoorError(f"--broker {url}: give mqtt://host:port, or mqtts://host:port")
    tls = parts.scheme == "mqtts"
    return BrokerAddress(
        host=parts.hostname,
        port=port or (8883 if tls else 1883),
        username=parts.username or user,
        password=parts.password or password,
        tls=tls,
    )


class _WithFields(logging.Formatter):
    """A line for each event, with the fields it was logged with behind the words."""

    _USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        fields = [f"{name}={value}" for name, value in record.__dict__.items() if name not in self._USUAL]
        return " ".join([super().format(record), *fields])


def log_to_standard_error() -> None:
    """One line for each event, for the log of whoever started us."""
    handler = logging.StreamHandler()
    handler.setFormatter(_WithFields("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("uvicorn", "mqtt", "transitions", "amqtt", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@contextlib.contextmanager
def told_as_by_keyboard() -> Iterator[None]:
    """While it lasts, SIGTERM ends what runs as Ctrl+C does: by KeyboardInterrupt. For work that is no coroutine."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Runs until it ends, or until SIGINT or SIGTERM ask it to.

    Raises: the RaceDayError that ended it, alone even when several tasks ended together.
    """
    try:
        asyncio.run(_until_signal(work))
    except BaseExceptionGroup as group:
        ours = group.subgroup(RaceDayError)
        if ours is None:
            raise
        first: BaseException = ours
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from group


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(thread_name_prefix=_THREADS)
    loop.set_default_executor(threads)
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        # Everything of ours is closed. A thread may still wait for a host that does not answer: nobody waits for it.
        threads.shutdown(wait=False, cancel_futures=True)
        if not await _all_ended():
            logger.info("leaving without waiting for a connection that is being made")
            logging.shutdown()
            sys.stdout.flush()
            os._exit(OK)


async def _all_ended() -> bool:
    """Whether the threads that did what blocks have come to their end, after a moment's patience."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + _PATIENCE_S
    while any(thread.name.startswith(_THREADS) for thread in threading.enumerate()):
        if loop.time() > until_s:
            return False
        await asyncio.sleep(0.02)
    return True
