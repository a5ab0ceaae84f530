"""What the records of a MYLAPS message say: version 1 records of fixed width, version 2 keys and values.

Pure; each function gives an event, or the reason why there is none. Where a fact is from, see `readers.mylaps_frames`.
"""

import re
from typing import Final

from readers.events import GunSeen, StatusKind, StatusSeen
from readers.mylaps_frames import BODY_LENGTH, RECORD_LENGTH, checksum
from readers.wall_stamps import date_us, time_of_day_us
from timing.instants import HOUR, MINUTE, SECOND
from timing.reads import ChipRead, ClockKind, Tag

_CHIP: Final = re.compile(r"[0-9A-Za-z]{1,32}")
_WHOLE: Final = re.compile(r"[0-9]{1,3}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,4})?")
_UTC_MS: Final = re.compile(r"[0-9]{9,14}")
_ZONE_STEP_US: Final = 15 * MINUTE
_BLANK: Final = 0x20


def store_read(text: str, label: str | None, received_us: int) -> ChipRead | str:
    """A version 1 record: a read, or the reason why it is none.

    The samples printed in the maker's document and copied from there have often lost a blank: 38 characters, and a
    checksum that is right with the blank put back. Where it stood is not known for sure, so they are refused.
    """
    if len(text) == RECORD_LENGTH - 1:
        lost = (sum(text[:-2].encode("latin-1", "replace")) + _BLANK) & 0xFF
        if text[-2:].upper() == f"{lost:02X}":
            return "a blank was lost on the way: 38 characters whose checksum is right for 39"
    if len(text) != RECORD_LENGTH:
        return f"a record has {RECORD_LENGTH} characters, not {len(text)}"
    if not text.isascii():
        return "a record has characters that are not ASCII"
    if text[BODY_LENGTH:].upper() != checksum(text[:BODY_LENGTH]):
        return f"checksum `{text[BODY_LENGTH:]}` where the record adds up to {checksum(text[:BODY_LENGTH])}"
    chip = text[:7].strip(" ")
    if not _CHIP.fullmatch(chip):
        return "no chip code"
    stamp_us = _stamp(text[31:37], text[7:19].strip(" "))
    if stamp_us is None:
        return "no such date or time"
    return ChipRead(tag=Tag(chip.upper()), stamp_us=stamp_us, received_us=received_us, label=label, raw=text)


def keys_of(text: str) -> dict[str, str]:
    """Keys and values of a version 2 record; what has no `=` is passed over, as unknown keys must be."""
    return {
        key.strip(): value.strip() for key, found, value in (pair.partition("=") for pair in text.split("|")) if found
    }


def passing_read(keys: dict[str, str], text: str, label: str | None, received_us: int) -> ChipRead | str:
    """A version 2 passing: a read, or the reason why it is none. `text` is what the keys were taken from."""
    chip = keys.get("c", "")
    if not _CHIP.fullmatch(chip):
        return "a passing without a chip code" if not chip else "no such chip code"
    if "d" not in keys or "t" not in keys:
        return "a passing without date or time"
    stamp_us = _stamp(keys["d"], keys["t"])
    if stamp_us is None:
        return "no such date or time"
    signal = keys.get("amd", "")
    return ChipRead(
        tag=Tag(chip.upper()),
        stamp_us=stamp_us,
        received_us=received_us,
        label=label,
        antenna=_antenna(keys),
        rssi=float(signal) if _NUMBER.fullmatch(signal) else None,
        raw=text,
    )


def marker_event(text: str, label: str | None, received_us: int) -> GunSeen | StatusSeen | str:
    """A version 2 marker: a gun, something else that was marked, or the reason why it is neither."""
    keys = keys_of(text)
    kind, time = keys.get("mt", ""), keys.get("t", "")
    of_day_us = time_of_day_us(time)
    if of_day_us is None:
        return "a marker without a time" if not time else "no such time"
    if kind.lower() != "gunshot":
        said = f"marker {kind or 'of no kind'} at {time}, {label or 'no location'}"
        return StatusSeen(kind=StatusKind.ANSWER, text=said, raw=text)
    dated_us = _stamp(keys["d"], time) if "d" in keys else None
    return GunSeen(
        stamp_us=of_day_us if dated_us is None else dated_us,
        received_us=received_us,
        label=label,
        raw=text,
        clock=ClockKind.TIME_OF_DAY if dated_us is None else None,
    )


def zone_offset_us(keys: dict[str, str], stamp_us: int) -> int | None:
    """What a passing's wall time is ahead of its UTC, where it has both and they differ as zones do."""
    said = keys.get("utc", "")
    if not _UTC_MS.fullmatch(said):
        return None
    offset_us = stamp_us - int(said) * 1000
    nearest_us = (offset_us + _ZONE_STEP_US // 2) // _ZONE_STEP_US * _ZONE_STEP_US
    return nearest_us if abs(offset_us - nearest_us) < SECOND and abs(nearest_us) <= 14 * HOUR else None


def _antenna(keys: dict[str, str]) -> int | None:
    """The strongest antenna where it is told; else the antenna, if that is a number and not a mask of eight."""
    for key in ("ans", "an"):
        text = keys.get(key, "")
        if _WHOLE.fullmatch(text) and int(text) <= 0xFF:
            return int(text)
    return None


def _stamp(day: str, time: str) -> int | None:
    begin_us, of_day_us = date_us(day), time_of_day_us(time)
    return None if begin_us is None or of_day_us is None else begin_us + of_day_us
