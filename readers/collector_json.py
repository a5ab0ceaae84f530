"""Strict JSON from an untrusted peer: one value or a reason, never an exception, never more than was allowed for.

Strict where Python's own reader is lenient: duplicate keys are refused, NaN and infinities are marked so that the item
that holds them can be refused alone, and nesting is measured before anything recurses. Knows no message.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

MAX_NESTING: Final = 16
"""The deepest message of the protocol has 3 levels; the rest is room for keys we do not know yet."""

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")
_UNPRINTABLE: Final = re.compile(r"[^ -~\u00a1-\ud7ff\ue000-\ufffd]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a message as a whole was not taken; plain words, safe to show."""

    reason: str


class NotANumber:
    """Stands for NaN or an infinity: not JSON, so the item that holds it is bad."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class _DuplicateKey(ValueError):
    """Two values under one key: nobody can say which was meant."""


def clean(text: str, limit: int = 120) -> str:
    """Text of a peer made safe to show and to log: one line, no control characters, cut."""
    shown = _UNPRINTABLE.sub("?", text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def strict_object(payload: bytes, *, limit: int) -> dict[str, Any] | Refused:
    """The JSON object in a payload of at most `limit` bytes, or why there is none."""
    value = strict_value(payload, limit=limit)
    if isinstance(value, dict | Refused):
        return value
    return Refused(reason=f"not a JSON object but {json_type(value)}")


def strict_value(payload: bytes, *, limit: int) -> Any | Refused:
    """The JSON value in a payload of at most `limit` bytes, or why there is none."""
    if len(payload) > limit:
        return Refused(reason=f"too large: {len(payload)} bytes, at most {limit} are accepted")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refused(reason=f"not UTF-8: byte {error.start} is 0x{payload[error.start]:02x}")
    if _nesting_exceeds(text, MAX_NESTING):
        return Refused(reason=f"nested deeper than {MAX_NESTING} levels")
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=NotANumber)
    except json.JSONDecodeError as error:
        return Refused(reason=f"not JSON: {error.msg} at character {error.pos}")
    except _DuplicateKey as error:
        return Refused(reason=f"the key {clean(str(error), 40)!r} is given twice")
    except (ValueError, RecursionError) as error:
        return Refused(reason=f"not JSON: {clean(str(error))}")


def json_type(value: object) -> str:
    """What a JSON value is, in words for a message."""
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int():
            return "an integer"
        case float():
            return "a number with a fraction"
        case str():
            return "text"
        case list():
            return "an array"
        case NotANumber():
            return value.text
        case _:
            return "an object"


def compact(value: object) -> bytes:
    """A message of ours as bytes: ASCII JSON without spaces.

    Raises: ValueError for NaN and infinities (a caller's mistake).
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKey(key)
            seen.add(key)
    return made


def _nesting_exceeds(text: str, limit: int) -> bool:
    """True when brackets outside strings open deeper than `limit`.

    Strings are cut out as JSON delimits them, which is right up to the first error in the text; what is behind an
    error is never reached by the reader either.
    """
    if text.count("[") + text.count("{") <= limit:
        return False  # the usual case: fewer brackets than levels allowed
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > limit:
            return True
    return False
