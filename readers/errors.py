"""Errors of the readers room: circumstances a person can do something about. Bad data from a wire is never here.

ReaderError                        what, where, and what would be accepted
 +-- BadEndpoint                   the text that says how to reach a reader cannot be used
 +-- UnknownProtocol               no decoder of that name
 +-- ReadFileRefused               a file given as reads is not one, or does not say at which mats they were made
 +-- ClockNotSet                   a reader's clock cannot be set, or was not
 +-- CaptureDamaged                a capture file cannot be read from there on; carries the offset
 +-- TransportError
      +-- ConnectFailed            the port or peer cannot be opened now; trying again may help
      +-- ConnectionLost           it was open, and is not any more
      +-- TransportTimeout         open, but the other side takes or gives nothing
"""

from timing.errors import RaceDayError


class ReaderError(RaceDayError):
    """Something about a reader, its wire or its recording."""


class BadEndpoint(ReaderError):
    """A `connect` text nobody can open, whatever happens; trying again does not help."""


class UnknownProtocol(ReaderError):
    """The race file names a protocol that is not built in."""


class ReadFileRefused(ReaderError):
    """A file given as reads is of no kind we know, cannot be opened, or does not say where its reads were made."""


class ClockNotSet(ReaderError):
    """The clock of this kind of reader cannot be set, or this one did not do it."""


class CaptureDamaged(ReaderError):
    """A capture file is not one, or breaks off inside.

    Attributes: offset: the first byte that cannot be used.
    """

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class TransportError(ReaderError):
    """A link cannot be used. The driver reconnects; the message is what the crew's board shows."""


class ConnectFailed(TransportError):
    """The port or the peer cannot be opened now."""


class ConnectionLost(TransportError):
    """The link was open and is gone: unplugged, closed by the peer, or by us."""


class TransportTimeout(TransportError):
    """The link is open, but the other side takes or gives nothing."""
