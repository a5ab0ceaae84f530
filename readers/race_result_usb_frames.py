"""What is said to and by a RACE RESULT USB Timing Box, written: requests, answers, passings. Numbers are hexadecimal.

Simulators and round-trip tests speak with it. Source: the maker's page on the USB Timing Box (kbexport2 id 21) and
metarace `decoder/rru.py`; see docs/readers_race_result_usb.md. Lines end with LF; an answer is a line with the
request's word and an error, its body, and an empty line.

Times are ticks of 1/256 s. The box keeps a reference: a second that a host gave, and the ticks at which it began.
"""

from typing import Final

ENDING: Final = b"\n"
TICKS_S: Final = 256
MARKER: Final = "99999"
"""The code of an impulse that no transponder made."""
NO_SUCH_PASSING: Final = 0x10

TEXT_MODE: Final = b"ASCII" + ENDING
BOX_ID: Final = b"INFOGET;01" + ENDING
REFERENCE: Final = b"EPOCHREFGET" + ENDING
TICKS: Final = b"TIMESTAMPGET" + ENDING
MEMORY: Final = b"PASSINGINFOGET" + ENDING
PASSINGS: Final = b"PASSINGGET"

QUESTIONS: Final = (TEXT_MODE, BOX_ID, REFERENCE, TICKS, MEMORY)
"""With `passings_from`, all the engine can ever say to a box: never RESET, CONFSET or a new reference."""


def passings_from(index: int) -> bytes:
    """Asks for the passings from this number on."""
    return PASSINGS + b";%08x" % (index & 0xFFFFFFFF) + ENDING


def answer(word: bytes | str, *body: str, error: int = 0) -> bytes:
    """An answer with its end."""
    word = word.encode() if isinstance(word, str) else word
    return b"".join(line + ENDING for line in (word + b";%02x" % error, *(line.encode() for line in body), b""))


def passing(
    code: str,
    ticks: int,
    *,
    hits: int = 1,
    rssi: int = 0,
    loop: int = 0,
    channel: int = 0,
    stored: bool = False,
    wake_ups: int = 0,
) -> str:
    """A line of a passing: code, wake-ups, ticks, hits, signal, battery, temperature, channel, loop, active data.

    `loop` from 0, as on the wire; `rssi` the byte as sent. `stored`: sent late by the transponder.
    """
    return (
        f"{code};{wake_ups & 0xFFFF:04x};{ticks & 0xFFFFFFFF:08x};{hits & 0xFF:02x};{rssi & 0xFF:02x};1e;14;"
        f"{channel & 0xF:x};{loop & 0xF:x};2;{0x40 if stored else 0:02x};0"
    )


def stamp_us(ticks: int, reference_s: int, reference_ticks: int) -> int:
    """Microseconds since the zero the host chose: 1/256 s are 3906.25 us, cut off below."""
    return reference_s * 1_000_000 + (ticks - reference_ticks) * 15_625 // 4


def ticks_of(at_us: int, reference_s: int, reference_ticks: int) -> int:
    """The last tick not after an instant: the way back from `stamp_us`."""
    return reference_ticks + (at_us - reference_s * 1_000_000) * TICKS_S // 1_000_000


def signal_dbm(rssi: int) -> float:
    """What the radio received, of the signal byte (one public driver)."""
    return float(-90 + ((rssi & 0x70) >> 2))


def set_clock_request(reference_s: int) -> bytes:
    """Announces the second that begins when the host raises DTR, for about 0.2 s, at its top.

    Only for a command that a person gives: all stamps move with it. No protocol of ours ever sends it.
    """
    return b"EPOCHREFSET;%08x" % (reference_s & 0xFFFFFFFF) + ENDING
