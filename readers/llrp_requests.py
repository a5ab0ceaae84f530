"""All the engine can ever say to an LLRP reader.

An LLRP reader that nobody asks reads nothing: an inventory (ROSpec) has to be added, enabled and started. The engine
does that with one of its own number, and has no other words: it cannot stop, disable or delete an inventory, its own
or another's, reset the settings, write tags, or close the door to others. Nothing of the radio is set (power, mode,
session): what the maker's program has set up stays. What is set concerns how the reader talks: keepalives, events, and
that it holds reports while nobody listens. Sections are of LLRP 1.0.1.
"""

import enum
import struct
from typing import Final

from readers.llrp_frames import message, spec, tlv
from readers.llrp_words import Message, Par

SPEC_ID: Final = 0x43414C31
"""Our inventory's number, `CAL1` in ASCII. Its last character changes when its content does."""
KEEPALIVE_MS: Final = 5_000
"""How often the reader asks whether we are there. It lets one host in at a time, and notices so that we are gone."""

_SELECTED: Final = 0b1001_0111_1000_0000
"""TagReportContentSelector: ROSpecID, AntennaID, PeakRSSI, FirstSeen, LastSeen, TagSeenCount."""
_UPON_N_TAGS: Final = 2
"""ROReportTrigger: upon N tags or the end of the ROSpec. N = 1: each read at once."""
_ALL_ANTENNAS: Final = 0
_C1G2: Final = 1
_EVENTS: Final = (2, 3, 4, 8)
"""ROSpec started and ended, report buffer filling, reader exception, antenna."""


def _inventory() -> bytes:
    """Our ROSpec (section 10.2.1): on all antennas, until told otherwise, each read reported at once."""
    boundary = tlv(
        Par.RO_BOUNDARY_SPEC, tlv(Par.RO_SPEC_START_TRIGGER, b"\0") + tlv(Par.RO_SPEC_STOP_TRIGGER, bytes(5))
    )
    antennas = struct.pack(">HH", 1, _ALL_ANTENNAS)
    without_end = tlv(Par.AI_SPEC_STOP_TRIGGER, bytes(5))
    inventory = tlv(Par.INVENTORY_PARAMETER_SPEC, struct.pack(">HB", 1, _C1G2))
    content = tlv(Par.TAG_REPORT_CONTENT_SELECTOR, struct.pack(">H", _SELECTED))
    reporting = tlv(Par.RO_REPORT_SPEC, struct.pack(">BH", _UPON_N_TAGS, 1) + content)
    return spec(SPEC_ID, content=boundary + tlv(Par.AI_SPEC, antennas + without_end + inventory) + reporting)


def _config(content: bytes) -> bytes:
    """SET_READER_CONFIG (section 12.2.1): the first bit, which would reset the reader, is never set."""
    return b"\0" + content


def _events() -> bytes:
    states = b"".join(tlv(Par.EVENT_NOTIFICATION_STATE, struct.pack(">HB", kind, 0x80)) for kind in _EVENTS)
    return tlv(Par.READER_EVENT_NOTIFICATION_SPEC, states)


_OURS: Final = struct.pack(">I", SPEC_ID)


class Request(enum.Enum):
    """A question: its type, its body, and the type of its answer."""

    SPECS = (Message.GET_ROSPECS, b"", Message.GET_ROSPECS_RESPONSE)
    CAPABILITIES = (Message.GET_READER_CAPABILITIES, b"\x01", Message.GET_READER_CAPABILITIES_RESPONSE)
    """1: general device capabilities only."""
    ADD = (Message.ADD_ROSPEC, _inventory(), Message.ADD_ROSPEC_RESPONSE)
    ENABLE = (Message.ENABLE_ROSPEC, _OURS, Message.ENABLE_ROSPEC_RESPONSE)
    START = (Message.START_ROSPEC, _OURS, Message.START_ROSPEC_RESPONSE)
    KEEPALIVES = (
        Message.SET_READER_CONFIG,
        _config(tlv(Par.KEEPALIVE_SPEC, struct.pack(">BI", 1, KEEPALIVE_MS))),
        Message.SET_READER_CONFIG_RESPONSE,
    )
    EVENTS = (Message.SET_READER_CONFIG, _config(_events()), Message.SET_READER_CONFIG_RESPONSE)
    HOLD = (
        Message.SET_READER_CONFIG,
        _config(tlv(Par.EVENTS_AND_REPORTS, b"\x80")),
        Message.SET_READER_CONFIG_RESPONSE,
    )
    """Reports are held while nobody listens; readers that cannot hold them refuse, and nothing is worse."""

    @property
    def answered_by(self) -> Message:
        return self.value[2]

    def bytes_of(self, message_id: int) -> bytes:
        kind, body, _ = self.value
        return message(kind, message_id, body)


def listening(message_id: int) -> bytes:
    """ENABLE_EVENTS_AND_REPORTS (section 12.1.14): what is held may come. It has no answer."""
    return message(Message.ENABLE_EVENTS_AND_REPORTS, message_id)


def keepalive_ack(message_id: int) -> bytes:
    """The answer to KEEPALIVE, with its id: `04 48 0000000a 00000005`."""
    return message(Message.KEEPALIVE_ACK, message_id)
