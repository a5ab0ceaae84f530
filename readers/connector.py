"""What opens the links to one source, one after the other, as its endpoint says.

Holds what must outlast a single link: the port that readers call on. Whoever drives the source closes it.
"""

from readers.errors import BadEndpoint
from readers.tcp_listener import TcpListener
from readers.transports import ANY_LINK, Transport, check_endpoint, is_link, listening_address, open_transport


class Connector:
    """`open` gives the next link to `connect`; see `readers.transports.open_transport`."""

    def __init__(self, connect: str) -> None:
        """Raises: BadEndpoint, before anything is opened."""
        if not is_link(connect):
            raise BadEndpoint(f"no link can be opened to {connect!r}: give {ANY_LINK}")
        check_endpoint(connect)
        self._connect = connect
        address = listening_address(connect)
        self._listener = None if address is None else TcpListener(*address)

    @property
    def listens(self) -> bool:
        """Whether the reader calls."""
        return self._listener is not None

    async def open(self) -> Transport:
        """Raises: BadEndpoint, ConnectFailed."""
        if self._listener is not None:
            return await self._listener.accept()
        return await open_transport(self._connect)

    def close(self) -> None:
        """Nobody is listened to any more. Closing twice is fine."""
        if self._listener is not None:
            self._listener.close()
