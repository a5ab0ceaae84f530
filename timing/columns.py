"""Columns as bytes: how a batch of reads lies in the journal, small and quick to load.

A block is a JSON header and, for each column, little-endian integers in the narrowest width that holds them, plain or
as differences, all compressed with zlib. docs/journal.md describes it for other programs. Knows nothing of reads.

Whole numbers come and go as int64 with `MISSING` for "no value", others as float64 with NaN.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from timing.instants import MISSING

Int64: TypeAlias = NDArray[np.int64]
Float64: TypeAlias = NDArray[np.float64]

_LEVEL: Final = 1
"""Of zlib: higher levels cost four times the time for a few per cent."""

_LENGTH = struct.Struct("<I")
_WIDTHS: Final = ((1, 1 << 7), (2, 1 << 15), (4, 1 << 31), (8, 1 << 63))
_EXACT_WHOLE: Final = float(1 << 31)


def pack(header: Mapping[str, Any], rows: int, whole: Mapping[str, Int64], real: Mapping[str, Float64]) -> bytes:
    """One block: the header (anything JSON can hold) and the columns, each of length `rows`.

    A column without any value is left out; `unpack` gives it back as absent.
    """
    specs: list[list[Any]] = []
    parts: list[bytes] = []
    if rows:
        for name, values in whole.items():
            _pack_whole(name, values, values != MISSING, "i", specs, parts)
        for name, reals in real.items():
            _pack_real(name, reals, specs, parts)
    text = json.dumps({**header, "rows": rows, "columns": specs}, separators=(",", ":")).encode()
    return zlib.compress(b"".join([_LENGTH.pack(len(text)), text, *parts]), _LEVEL)


def unpack(block: bytes) -> tuple[dict[str, Any], dict[str, Int64], dict[str, Float64]]:
    """The header, the whole and the real columns of a block; columns without any value are absent.

    Raises: ValueError or zlib.error when it is no such block.
    """
    plain = zlib.decompress(block)
    (length,) = _LENGTH.unpack_from(plain)
    header = json.loads(plain[4 : 4 + length])
    rows = header["rows"]
    whole: dict[str, Int64] = {}
    real: dict[str, Float64] = {}
    at = 4 + length
    for name, sort, form, width, first, masked in header.pop("columns"):
        present = None
        if masked:
            size = (rows + 7) // 8
            bits = np.frombuffer(plain, np.uint8, size, at)
            present = np.unpackbits(bits, count=rows, bitorder="little").astype(np.bool_)
            at += size
        count = rows if present is None else int(present.sum())
        if form == "same":
            values: NDArray[Any] = np.full(count, first, np.int64)
        else:
            kind = "f" if form == "real" else "i"
            stored = count - 1 if form == "steps" else count
            raw = np.frombuffer(plain, f"<{kind}{width}", stored, at)
            at += stored * width
            values = _summed(first, raw) if form == "steps" else raw
        if sort == "i":
            whole[name] = _spread(values.astype(np.int64, copy=False), present, MISSING, rows)
        else:
            real[name] = _spread(values.astype(np.float64, copy=False), present, np.nan, rows)
    return header, whole, real


def _pack_whole(
    name: str, values: Int64, present: NDArray[np.bool_], sort: str, specs: list[list[Any]], parts: list[bytes]
) -> None:
    masked = not present.all()
    if masked:
        values = values[present]
        if not len(values):
            return
        parts.append(np.packbits(present, bitorder="little").tobytes())
    first = int(values[0])
    low, high = int(values.min()), int(values.max())
    if low == high:
        specs.append([name, sort, "same", 0, first, masked])
        return
    width = _width(low, high)
    steps = np.diff(values)  # Wraps around at 64 bits, and so does the sum that undoes it.
    steps_width = _width(int(steps.min()), int(steps.max()))
    if steps_width < width:
        specs.append([name, sort, "steps", steps_width, first, masked])
        parts.append(steps.astype(f"<i{steps_width}").tobytes())
    else:
        specs.append([name, sort, "plain", width, 0, masked])
        parts.append(values.astype(f"<i{width}").tobytes())


def _pack_real(name: str, values: Float64, specs: list[list[Any]], parts: list[bytes]) -> None:
    present = ~np.isnan(values)
    if not present.any():
        return
    given = values[present]
    # -0.0 is not a whole number here: it would come back as 0.0.
    whole = (np.abs(given) < _EXACT_WHOLE).all() and (given == np.trunc(given)).all()
    if whole and not (np.signbit(given) & (given == 0)).any():
        _pack_whole(name, np.where(present, values, 0).astype(np.int64), present, "f", specs, parts)
    else:
        specs.append([name, "f", "real", 8, 0, False])
        parts.append(values.astype("<f8").tobytes())


def _width(low: int, high: int) -> int:
    return next(width for width, limit in _WIDTHS if -limit <= low and high < limit)


def _summed(first: int, steps: NDArray[Any]) -> Int64:
    values = np.empty(len(steps) + 1, np.int64)
    values[0] = first
    values[1:] = steps
    return np.cumsum(values, out=values)


def _spread(values: NDArray[Any], present: NDArray[np.bool_] | None, missing: Any, rows: int) -> NDArray[Any]:
    if present is None:
        return values
    result = np.full(rows, missing, values.dtype)
    result[present] = values
    return result
