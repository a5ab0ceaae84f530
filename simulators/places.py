"""Where each virtual device of a simulated race is to be found, and how the engine or its collector is told to find it.

Follows the race file's own words: a serial line becomes a pseudo-terminal, a TCP port a free one on this machine, a
program that calls calls here, a reader that publishes publishes under its own topic. Opens nothing.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulators.devices import can_be_served
from timing.race import Source
from timing.reader_kinds import KIND_OF

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`served`: the address a post is given (`simulators.serve`); `connect`: what the engine or the collector is given.

    `tty`: the pseudo-terminal, where there is one.
    """

    source: Source
    served: str
    connect: str
    tty: Path | None = None

    @property
    def far(self) -> bool:
        """Whether a collector talks to it."""
        return self.source.connect == "collector"

    @property
    def publishes(self) -> bool:
        return self.served.startswith("mqtt:")


def straight(_: str, port: int) -> int:
    """No detour on the way to a port."""
    return port


def place_of(source: Source, folder: Path, *, through: Callable[[str, int], int] = straight) -> Place | None:
    """Where to serve a source; None when there is no virtual device of its kind.

    Args:
        folder: for pseudo-terminals.
        through: given a source and the port where it, or the engine for it, listens: the port to connect to instead.
    """
    if not can_be_served(source.protocol):
        return None
    way, _, rest = source.connect.partition(":")
    transports = KIND_OF[source.protocol].transports
    if way not in transports:  # a collector, or a race file that reads this source from files
        way, rest = next(each for each in ("serial", "tcp", "listen", "mqtt") if each in transports), ""
    if way == "mqtt":
        topic = (rest or f"{source.protocol}/{source.id}/#").removesuffix("#").rstrip("/").replace("+", source.id)
        return Place(source=source, served=f"mqtt:{topic}", connect=source.connect)
    if way == "serial":
        tty = folder / f"{source.id}.tty"
        return Place(source=source, served=f"pty:{tty}", connect=f"serial:{tty}", tty=tty)
    port = free_port()
    reached = through(source.id, port)
    if way == "listen":
        return Place(source=source, served=f"call:{LOOPBACK}:{reached}", connect=f"listen:{LOOPBACK}:{port}")
    return Place(source=source, served=f"tcp:{LOOPBACK}:{port}", connect=f"tcp:{LOOPBACK}:{reached}")


def free_port() -> int:
    """A port of this machine nobody has now."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


def at_words(places: Sequence[Place]) -> list[str]:
    """The words that tell `simulators.serve` of them."""
    return [f"--at={place.source.id}={place.served}" for place in places]
