"""TAG Heuer frames, written: CP 540 family (THCOM08) with its checksum, and CP 520 / 505.

Simulators and round-trip tests speak with it. Source: published frames (all ten with a checksum add up), the public
emulator and drivers of agilsport/ski (`tag_cp540.lua`, `tag_cp520.lua`, `emulator_tag540.lua`) and of
LateralGs/rallyx_timing_scoring; see docs/readers_tag_heuer.md. Nothing is ever sent to these timers.

CP 540, columns from 1: kind (1-2), bib (4-7), sequence (9-12), channel (14-15), time (17-30), day (32-36), then a tab
and four digits; CR LF. CP 520: kind (1), bib (8-11), channel (13-14), time (16-30); CR, no checksum.
"""

from typing import Final

from readers.day_time import time_of_day_text

ENDING_540: Final = b"\r\n"
ENDING_520: Final = b"\r"
DAYS_TO_2000: Final = 10_957
"""From 1970-01-01 to 2000-01-01, from which a CP 540 probably counts its days (inferred: 6994 was 2019-02-24)."""


def checksum(data: bytes) -> bytes:
    """Sum of all bytes before the tab, 16 bits, as four upper-case hexadecimal digits (derived from samples)."""
    return b"%04X" % (sum(data) & 0xFFFF)


def with_checksum(data: bytes, *, checked: bool = True) -> bytes:
    """A CP 540 line with its end; without a checksum there is no tab, either."""
    return data + (b"\t" + checksum(data) if checked else b"") + ENDING_540


def time_540(
    sequence: int,
    stamp_us: int,
    *,
    channel: int = 1,
    by_hand: bool = False,
    bib: int = 0,
    day: int = 0,
    kind: str = "TN",
    checked: bool = True,
) -> bytes:
    """A time of a CP 540, 545 or HL 975. `kind`: TN new, T* T+ manual, AN in a download, and others."""
    who = f"{kind:2.2} {bib % 10_000:4d} {sequence % 10_000:4d} {'M' if by_hand else ' '}{channel % 10}"
    return with_checksum(f"{who} {time_of_day_text(stamp_us, 5)} {day % 100_000:5d}".encode(), checked=checked)


def time_520(stamp_us: int, *, channel: int = 1, by_hand: bool = False, bib: int = 0, edit: str = " ") -> bytes:
    """A time of a CP 520 or 505. `edit`: a blank, or `-` or `+` for a time that was taken out or put in."""
    who = f"T{edit:1.1}     {bib % 10_000:04d} {'M' if by_hand else ' '}{channel % 10}"
    return f"{who} {time_of_day_text(stamp_us, 6)}".encode() + ENDING_520
