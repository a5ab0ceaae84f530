"""Checks of one column of a batch: which rows hold something else than the protocol allows there, and why.

Each check looks at the column as a whole first (all of one type, within bounds) and at single items only when that
fails, so that good batches cost little. Knows no message.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from readers.collector_json import clean, json_type
from timing.reads import ReadKind

Faults: TypeAlias = dict[int, str]
"""Row -> why it is bad, in plain words."""

_KIND_TEXTS: Final = frozenset(kind.value for kind in ReadKind)
_STRONGEST: Final = 1e9
"""Far beyond any scale of signal strength, and far within 32-bit floats."""


def kind_faults(column: Sequence[Any]) -> Faults:
    return {
        row: f"`kind` is {_shown(item)}, not read, gun or hand"
        for row, item in enumerate(column)
        if not (isinstance(item, str) and item in _KIND_TEXTS)
    }


def integer_faults(name: str, column: Sequence[Any], *, low: int, high: int, null: bool = False) -> Faults:
    kinds = set(map(type, column))
    if kinds == {int} and low <= min(column) and max(column) <= high:
        return {}
    faults: Faults = {}
    for row, item in enumerate(column):
        if item is None and null:
            continue
        if type(item) is not int:  # a truth value is an int to Python, not to the protocol
            faults[row] = f"`{name}` is {_shown(item)}, not an integer"
        elif not low <= item <= high:
            faults[row] = f"`{name}` is {_shown(item)}, out of range ({low} to {high})"
    return faults


def number_faults(name: str, column: Sequence[Any]) -> Faults:
    faults: Faults = {}
    for row, item in enumerate(column):
        if item is None:
            continue
        if type(item) not in (int, float):
            faults[row] = f"`{name}` is {_shown(item)}, not a number"
        elif not -_STRONGEST < item < _STRONGEST:  # false for infinities too
            faults[row] = f"`{name}` is {_shown(item)}, out of range"
    return faults


def text_faults(
    name: str,
    column: Sequence[Any],
    *,
    longest: int,
    printable: bool = False,
    empty: bool = True,
    null: bool = False,
) -> Faults:
    """`printable`: no control characters, and nothing that cannot be written as UTF-8."""
    faults: Faults = {}
    for row, item in enumerate(column):
        if item is None and null:
            continue
        if type(item) is not str:
            faults[row] = f"`{name}` is {_shown(item)}, not text"
        elif len(item) > longest:
            faults[row] = f"`{name}` is too long: {len(item)} characters, at most {longest} are accepted"
        elif not item and not empty:
            faults[row] = f"`{name}` is empty"
        elif printable and not item.isprintable():
            faults[row] = f"`{name}` holds characters that cannot be printed"
        elif not item.isascii() and not _is_unicode(item):
            faults[row] = f"`{name}` holds half a character"
    return faults


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(item: object) -> str:
    if isinstance(item, str):
        return clean(repr(item), 60)
    if isinstance(item, int | float) and not isinstance(item, bool):
        return clean(repr(item), 30)
    return json_type(item)
