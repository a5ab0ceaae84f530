"""Frames of the Chronelec decoder (TAG Heuer by Chronelec, Protime, Elite), written: passings, status, and questions.

Simulators and round-trip tests speak with it. Source: metarace `decoder/thbc.py`, whose decoder accepted and
acknowledged what is written here, and the `thbc_protocol.txt` of its older releases; see docs/readers_chronelec.md.

A passing is `<`, 32 characters, their sum in four decimal digits, `>`, CR LF. It is sent again until acknowledged.
"""

from typing import Final

from readers.day_time import time_of_day_text

ENDING: Final = b"\r\n"
ESCAPE: Final = b"\x1b"
BODY_LENGTH: Final = 32

STATUS_QUESTION: Final = ESCAPE + b"\x05"
ACKNOWLEDGE: Final = ESCAPE + b"\x11"
"""The passing sent last is safe; the next may come."""
REPEAT: Final = ESCAPE + b"\x12"
"""The passing sent last, once more."""

SAYABLE: Final = (STATUS_QUESTION, ACKNOWLEDGE, REPEAT)
"""All the engine can ever say: never start (07), stop (13 5c), settings (08, 09, 1e, 1f) or the clock (48)."""


def checksum(body: bytes) -> bytes:
    """Sum of the 32 codes as four decimal digits."""
    return b"%04d" % (sum(body) % 10_000)


def passing(
    transponder: str,
    stamp_us: int,
    *,
    source: str = "STA",
    counter: int = 1,
    level: int = 0,
    status: int = 1,
) -> bytes:
    """A passing with CR LF.

    Args:
        transponder: six characters at most, filled with zeros in front.
        source: STA or BOX loop, MAN by hand, CEL light gate, or B and two digits: another box.
        status: 1 good (inferred), 2 battery low, 3 battery faulty.
    """
    body = (
        f"{source:3.3} {transponder.rjust(6, '0')} {time_of_day_text(stamp_us, 3)} "
        f"{counter % 10_000:04d} {level % 10} {status % 10}"
    ).encode()
    assert len(body) == BODY_LENGTH, body
    return b"<" + body + checksum(body) + b">" + ENDING


def status(stamp_us: int, *, noise: tuple[int, int] = (0, 0), levels: tuple[int, int] = (20, 20)) -> bytes:
    """The answer to a status question: the clock to the second, noise and levels of both loops (in part inferred)."""
    fields = f"{time_of_day_text(stamp_us, 1)[:8]} {noise[0]:02d} {noise[1]:02d} {levels[0]:02d} {levels[1]:02d}"
    return b"[" + fields.encode().ljust(21) + b"]" + ENDING


def set_clock_request(hours: int, minutes: int, seconds: int) -> bytes:
    """Sets the decoder's clock. Only for a command that a person gives; no protocol of ours ever sends it.

    Raises: ValueError for what is no time of day.
    """
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError(f"{hours}:{minutes}:{seconds} is no time of day")
    return ESCAPE + b"\x48" + bytes([hours, minutes, seconds]) + b"\x74"
