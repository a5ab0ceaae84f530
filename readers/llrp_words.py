"""The numbers of LLRP (GS1 / EPCglobal, Low Level Reader Protocol 1.0.1 and 1.1) that Calanque reads or writes.

Only what an observing host needs. What the standard has besides is skipped by its length.
"""

import enum
from collections.abc import Mapping
from typing import Final

HEADER_BYTES: Final = 10
"""3 reserved bits, 3 bits of version, 10 of type; 4 bytes of length, header included; 4 bytes of message id."""
PORT: Final = 5084

VERSION_1: Final = 1
"""LLRP 1.0.1, what we write; 2 is 1.1, 3 is 2.0: read alike."""


class Message(enum.IntEnum):
    """Types of messages (LLRP 1.0.1, section 16.1)."""

    GET_READER_CAPABILITIES = 1
    GET_READER_CONFIG = 2
    SET_READER_CONFIG = 3
    CLOSE_CONNECTION_RESPONSE = 4
    GET_READER_CAPABILITIES_RESPONSE = 11
    GET_READER_CONFIG_RESPONSE = 12
    SET_READER_CONFIG_RESPONSE = 13
    CLOSE_CONNECTION = 14
    ADD_ROSPEC = 20
    DELETE_ROSPEC = 21
    START_ROSPEC = 22
    STOP_ROSPEC = 23
    ENABLE_ROSPEC = 24
    DISABLE_ROSPEC = 25
    GET_ROSPECS = 26
    ADD_ROSPEC_RESPONSE = 30
    DELETE_ROSPEC_RESPONSE = 31
    START_ROSPEC_RESPONSE = 32
    STOP_ROSPEC_RESPONSE = 33
    ENABLE_ROSPEC_RESPONSE = 34
    DISABLE_ROSPEC_RESPONSE = 35
    GET_ROSPECS_RESPONSE = 36
    GET_REPORT = 60
    RO_ACCESS_REPORT = 61
    KEEPALIVE = 62
    READER_EVENT_NOTIFICATION = 63
    ENABLE_EVENTS_AND_REPORTS = 64
    KEEPALIVE_ACK = 72
    ERROR_MESSAGE = 100


OTHER_ANSWERS: Final = frozenset({50, 51, 52, 53, 54, 57})
"""Answers to what we never ask (access specifications, protocol version): whole messages all the same."""

FROM_READER: Final = OTHER_ANSWERS | {
    Message.CLOSE_CONNECTION_RESPONSE,
    Message.GET_READER_CAPABILITIES_RESPONSE,
    Message.GET_READER_CONFIG_RESPONSE,
    Message.SET_READER_CONFIG_RESPONSE,
    Message.ADD_ROSPEC_RESPONSE,
    Message.DELETE_ROSPEC_RESPONSE,
    Message.START_ROSPEC_RESPONSE,
    Message.STOP_ROSPEC_RESPONSE,
    Message.ENABLE_ROSPEC_RESPONSE,
    Message.DISABLE_ROSPEC_RESPONSE,
    Message.GET_ROSPECS_RESPONSE,
    Message.RO_ACCESS_REPORT,
    Message.KEEPALIVE,
    Message.READER_EVENT_NOTIFICATION,
    Message.ERROR_MESSAGE,
}
"""What a reader sends. Each is a header and parameters, nothing before them."""


class Par(enum.IntEnum):
    """Types of parameters with a length (TLV; section 16.2)."""

    UTC_TIMESTAMP = 128
    UPTIME = 129
    GENERAL_DEVICE_CAPABILITIES = 137
    RECEIVE_SENSITIVITY_TABLE_ENTRY = 139
    PER_ANTENNA_AIR_PROTOCOL = 140
    GPIO_CAPABILITIES = 141
    RO_SPEC = 177
    RO_BOUNDARY_SPEC = 178
    RO_SPEC_START_TRIGGER = 179
    RO_SPEC_STOP_TRIGGER = 182
    AI_SPEC = 183
    AI_SPEC_STOP_TRIGGER = 184
    INVENTORY_PARAMETER_SPEC = 186
    KEEPALIVE_SPEC = 220
    EVENTS_AND_REPORTS = 226
    RO_REPORT_SPEC = 237
    TAG_REPORT_CONTENT_SELECTOR = 238
    TAG_REPORT_DATA = 240
    EPC_DATA = 241
    READER_EVENT_NOTIFICATION_SPEC = 244
    EVENT_NOTIFICATION_STATE = 245
    READER_EVENT_NOTIFICATION_DATA = 246
    GPI_EVENT = 248
    RO_SPEC_EVENT = 249
    REPORT_BUFFER_LEVEL_WARNING = 250
    REPORT_BUFFER_OVERFLOW_ERROR = 251
    READER_EXCEPTION_EVENT = 252
    ANTENNA_EVENT = 255
    CONNECTION_ATTEMPT_EVENT = 256
    CONNECTION_CLOSE_EVENT = 257
    LLRP_STATUS = 287


class Tv(enum.IntEnum):
    """Types of parameters without a length (TV): bit 8 of the first byte set, 7 bits of type."""

    ANTENNA_ID = 1
    FIRST_SEEN_UTC = 2
    FIRST_SEEN_UPTIME = 3
    LAST_SEEN_UTC = 4
    LAST_SEEN_UPTIME = 5
    PEAK_RSSI = 6
    CHANNEL_INDEX = 7
    TAG_SEEN_COUNT = 8
    RO_SPEC_ID = 9
    EPC_96 = 13


TLV_MIN: Final = 128
"""Types below are those of TV parameters."""

TV_BYTES: Final[Mapping[int, int]] = {
    1: 2, 2: 8, 3: 8, 4: 8, 5: 8, 6: 1, 7: 2, 8: 2, 9: 4, 10: 2,
    11: 2, 12: 2, 13: 12, 14: 2, 15: 2, 16: 4, 17: 2, 18: 4, 19: 2, 20: 2,
}  # fmt: skip
"""Bytes after the first one, for every TV parameter of the standard. Others cannot be skipped."""


class SpecState(enum.IntEnum):
    """CurrentState of a ROSpec (section 10.2.1)."""

    DISABLED = 0
    INACTIVE = 1
    ACTIVE = 2


ATTEMPTS: Final[Mapping[int, str]] = {
    1: "the reader has called another program itself",
    2: "another program is connected to the reader",
    3: "for a reason it does not say",
    4: "another program has tried to connect",
}
"""ConnectionAttemptEvent, section 13.1.6.9, other than 0 (success)."""

STATUS_WORDS: Final[Mapping[int, str]] = {
    100: "parameter error", 101: "field error", 102: "unexpected parameter", 103: "missing parameter",
    104: "duplicate parameter", 105: "too many parameters", 106: "too many fields", 107: "unknown parameter",
    108: "unknown field", 109: "unsupported message", 110: "unsupported version", 111: "unsupported parameter",
    300: "invalid", 301: "out of range", 401: "device error",
}  # fmt: skip
"""LLRPStatus codes, section 14.1.1."""

MAKERS: Final[Mapping[int, str]] = {25882: "Impinj", 161: "Motorola/Zebra", 10642: "Zebra", 1586: "Alien"}
"""Private enterprise numbers. Sure: 25882 (recorded); the others from the public register: *inferred*."""
