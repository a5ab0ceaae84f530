"""Events of a running engine, for commands that follow it: a thread reads the stream, and comes back after each loss.

What `results.web.stream` sends, read again. Where the engine is comes from the lock of its folder, anew at each try:
an engine that was started again may be on another port.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from calanque.folder import RaceFolder

SILENCE_S: Final = 10.0
AGAIN_S: Final = 1.0
LINE_MAX: Final = 4 * 2**20


def follow(folder: RaceFolder, take: Callable[[dict[str, Any]], None]) -> threading.Event:
    """Calls `take` with the data of every event, in a thread of its own. Set what is returned to end it."""
    over = threading.Event()
    threading.Thread(target=_follow, args=(folder, take, over), name="event stream", daemon=True).start()
    return over


def _follow(folder: RaceFolder, take: Callable[[dict[str, Any]], None], over: threading.Event) -> None:
    while not over.is_set():
        holder = folder.holder()
        if holder is not None and "url" in holder:
            try:
                for event in events(holder["url"]):
                    if over.is_set():
                        return
                    take(event)
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                pass  # The engine ended, or something else answers there: looked for again.
        time.sleep(AGAIN_S)


def events(url: str) -> Iterator[dict[str, Any]]:
    """The data of each event, until the engine ends or falls silent.

    Raises: OSError, HTTPException, ValueError.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SILENCE_S)
    try:
        connection.request("GET", "/events", headers={"Accept": "text/event-stream"})
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"{url} answers {response.status}")
        data: list[str] = []
        while line := response.readline(LINE_MAX):
            text = line.decode().rstrip("\r\n")
            if text.startswith("data: "):
                data.append(text[6:])
            elif not text and data:
                yield json.loads("\n".join(data))
                data = []
    finally:
        connection.close()
