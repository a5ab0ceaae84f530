"""ALGE Timy frames, written: impulses, net times, the running clock, and their check digits.

Simulators and round-trip tests speak with it. Source: two public drivers that agree (metarace `timy.py`, agilsport/ski
`alge_timy.lua`), and samples run through the first; no text of the maker's. See docs/readers_timy.md.

An impulse is 26 characters and CR, code page 437: status, number (4), lane, channel (3), blank, time (13), blank,
group (2); with two more, the check digits, when they are switched on at the timer.
"""

from typing import Final

from readers.day_time import time_of_day_text

ENDING: Final = b"\r"
FRAME_LENGTH: Final = 26
CLOCK_LENGTH: Final = 13
STEP_US: Final = 100
"""The timer's resolution: a ten-thousandth of a second."""

VERSION_QUESTION: Final = b"NSF?" + ENDING
PROGRAM_QUESTION: Final = b"PROG?" + ENDING
DUMP_REQUEST: Final = b"RSM" + ENDING
"""Sends the memory again; nothing in it changes."""

QUESTIONS: Final = (VERSION_QUESTION, PROGRAM_QUESTION, DUMP_REQUEST)
"""All the engine can ever say to a Timy. CLR would erase its memory, DTS and DTF change which impulses count."""


def check_digits(frame: bytes) -> bytes:
    """Two characters for the sum of the 26 modulo 256: 0x30 and the high, 0x30 and the low four bits.

    `:;<=>?` stand for A to F.
    """
    total = sum(frame) & 0xFF
    return bytes([0x30 + (total >> 4), 0x30 + (total & 0x0F)])


def impulse(
    number: int,
    stamp_us: int,
    *,
    channel: int = 0,
    by_hand: bool = False,
    status: str = " ",
    lane: str = " ",
    group: int = 0,
    checked: bool = True,
) -> bytes:
    """An impulse with CR. `number`: bib or running index. `by_hand`: the channel's key was pressed.

    Raises: ValueError for a channel that is none.
    """
    if not 0 <= channel <= 8:
        raise ValueError(f"a Timy has the channels 0 to 8, not {channel}")
    what = f"C{channel}M" if by_hand else f"C{channel} "
    when = time_of_day_text(stamp_us, 4)
    frame = f"{status}{number % 10_000:04d}{lane}{what} {when} {group % 100:02d}".encode("cp437")
    return frame + (check_digits(frame) if checked else b"") + ENDING


def net_time(number: int, duration_us: int, *, what: str = "RT", checked: bool = True) -> bytes:
    """A net time (`RT`, `TT`) with CR: a duration in the place of a time of day."""
    when = time_of_day_text(duration_us, 4)
    frame = f" {number % 10_000:04d} {what:3.3} {when} 00".encode("cp437")
    return frame + (check_digits(frame) if checked else b"") + ENDING


def running_clock(stamp_us: int) -> bytes:
    """The running clock with CR: 13 characters. That they are the time is inferred; nobody reads them."""
    return time_of_day_text(stamp_us, 2).encode().rjust(CLOCK_LENGTH) + ENDING
