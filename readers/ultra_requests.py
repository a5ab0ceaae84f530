"""All that the engine may say to an Ultra: questions, and what to send again. No word here starts, stops or sets it.

Every command ends with LF, as Chronokeep sends them; the CR inside a rewind stands between its two ends.
"""

import enum
from typing import Final

from readers.ultra_frames import SECONDS_END

NUMBER_END: Final = (1 << 31) - 1
"""The end of a rewind that has none; *inferred*: the largest number that small devices hold."""

REWIND_ALL: Final = b"8000\r0\n"


class Request(enum.Enum):
    CLOCK = b"r\n"
    STATUS = b"?\n"
    SETTINGS = b"U\n"
    SEND = b"700\n"
    """Send what you read. Said only to a box that tells it sends on request alone."""


def rewind_by_log_id(first: int, last: int = NUMBER_END) -> bytes:
    """Records with these log ids, both included; ids begin at 1."""
    first = min(max(first, 1), NUMBER_END)
    return f"600{first}\r{min(max(first, last), NUMBER_END)}\n".encode()


def rewind_by_time(first_s: int, last_s: int) -> bytes:
    """Records of these seconds since 1980, both included."""
    first_s = min(max(first_s, 1), SECONDS_END - 1)
    return f"800{first_s}\r{min(max(first_s, last_s), SECONDS_END - 1)}\n".encode()
