"""The record format an IPICO reader says it uses, when it is not the standard one.

A reader can be told to leave out fields, to add the tag's CRC bytes, to use another header, or to put a separator
after each field. It answers a format query with nine parameters; this module makes the pattern of such records, and
says what a person should know about them. Source: IPICO reader serial protocol 1.00, section 7.15.
"""

import re
from dataclasses import dataclass
from typing import Final

from readers.ipico_frames import lrc

_STANDARD: Final = (0x7F, 0xFC, 0x61, 0x61)
_WITH_TTO: Final = (0xFF, 0xFC, 0x61, 0x61)
_HEX_2: Final = rb"[0-9a-fA-F]{2}"
_FIELDS: Final = (
    (0x02, "i", _HEX_2),
    (0x04, "q", _HEX_2),
    (0x08, "date", rb"[0-9]{6}"),
    (0x10, "time", rb"[0-9]{6}"),
    (0x20, "centimals", _HEX_2),
    (0x80, "tto", rb"[0-9a-fA-F]{6}"),
)
_READER, _DATE, _TIME, _CENTIMALS, _LRC, _TTO = 0x01, 0x08, 0x10, 0x20, 0x40, 0x80


@dataclass(frozen=True, kw_only=True)
class RecordLayout:
    """How tag records look. `pattern` is None where the standard forms hold, or where no time can be had.

    `warnings` are for people: what this set-up may cost.
    """

    text: str
    pattern: re.Pattern[bytes] | None = None
    header_length: int = 2
    separator: bytes = b""
    checked: bool = True
    warnings: tuple[str, ...] = ()

    def match(self, line: bytes) -> re.Match[bytes] | None:
        """The record in this layout with right check digits (where it has any), or None."""
        found = None if self.pattern is None else self.pattern.fullmatch(line)
        if found is None or not self.checked:
            return found
        body = line[self.header_length : -2]
        if self.separator:  # separators are not accumulated
            body = body.replace(self.separator, b"")
        return found if b"%02x" % lrc(body) == line[-2:].lower() else None


def record_layout(parameters: bytes) -> RecordLayout | None:
    """The layout of the parameters of a format answer, or None when they are too few to say."""
    if not parameters:
        return None
    given = parameters + bytes([0x7F, 0xFC, 0x61, 0x61, 0xAA, 0x00, 0x0D, 0x0A, 0x00])[len(parameters) :]
    mask, tag_bytes, separator = given[0], given[1], given[8:9].strip(b"\0")
    warnings = _warnings(mask, given)
    if tuple(given[:4]) in (_STANDARD, _WITH_TTO) and not separator:
        text = "standard record" if mask == 0x7F else "standard record with TTO"
        return RecordLayout(text=text, warnings=warnings)
    return RecordLayout(
        text=f"record format {parameters.hex()}",
        pattern=_pattern(mask, tag_bytes, given[2:4].replace(b"\0", b""), separator),
        header_length=len(given[2:4].replace(b"\0", b"")),
        separator=separator,
        checked=bool(mask & _LRC),
        warnings=warnings,
    )


def _warnings(mask: int, given: bytes) -> tuple[str, ...]:
    warnings = []
    if not mask & _DATE or not mask & _TIME:
        warnings.append("the reader is set to leave out date or time: its records cannot become passings")
    elif not mask & _CENTIMALS:
        warnings.append("the reader is set to leave out hundredths: times are of whole seconds")
    if not mask & _LRC:
        warnings.append("the reader is set to leave out check digits: damaged records cannot be told")
    if set(given[6:8]) - {0x0A, 0x0D, 0x00} or not any(given[6:8]):
        warnings.append("the reader is set to another line ending than CR or LF: its records cannot be told apart")
    if given[1] & 0xFC != 0xFC:
        warnings.append("the reader is set to send only a part of the tag's code")
    return tuple(warnings)


def _pattern(mask: int, tag_bytes: int, header: bytes, separator: bytes) -> re.Pattern[bytes] | None:
    if not mask & _DATE or not mask & _TIME or not tag_bytes & 0xFC:
        return None
    between = re.escape(separator)
    parts = [re.escape(header)]
    if mask & _READER:
        parts.append(rb"(?P<reader>%b)%b" % (_HEX_2, between))
    # Tag: its CRC bytes, the two lowest of the mask, are no part of its code.
    crc = b"[0-9a-fA-F]{%d}" % (2 * (tag_bytes & 0x03).bit_count())
    code = b"[0-9a-fA-F]{%d}" % (2 * (tag_bytes & 0xFC).bit_count())
    parts.append(rb"(?P<tag>%b)%b%b" % (code, crc, between))
    parts += [rb"(?P<%b>%b)%b" % (name.encode(), shape, between) for bit, name, shape in _FIELDS if mask & bit]
    if mask & _LRC:
        parts.append(_HEX_2)
    return re.compile(b"".join(parts))
