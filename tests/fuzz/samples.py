"""Good bytes of each protocol, to be damaged: golden frames, and whatever the tests of a protocol say is one.

Tolerant: a protocol without samples is fuzzed with random bytes, and that is said. Taken, where they are there, from
`tests/readers/frames_of.py` (`frames_of(name)`, or a mapping `FRAMES_OF`), and `tests/readers/<name>_samples.json` (a
list of objects with `text` or `hex`; the ending of the protocol is added to those that have none).
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from readers import ipico_frames, ipico_stream
from readers.protocol import Protocol

READERS: Final = Path(__file__).resolve().parent.parent / "readers"
HELD_DEFAULT: Final = 2_000_000
RESYNC_DEFAULT: Final = 70_000


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What is known of a protocol beyond its samples.

    `ending`: closes a frame in a file of samples, and begins afresh whatever came before. `held_max`: bytes it may hold
    between two calls. `resync_max`: bytes of good frames after which one must be understood, whatever came before them.
    `pending`: what it says itself that it holds, with the maximum it states. `repair`: makes the check digits of a
    damaged frame right, so that the damage gets further.
    """

    ending: bytes = b"\r\n"
    held_max: int = HELD_DEFAULT
    resync_max: int = RESYNC_DEFAULT
    pending: Callable[[Any], tuple[int, int]] | None = None
    repair: Callable[[bytes], bytes] | None = None


def _ipico_pending(protocol: Any) -> tuple[int, int]:
    return protocol._stream.pending, ipico_stream.LINE_MAX + ipico_stream.TAIL_MAX


def _ipico_repair(frame: bytes) -> bytes:
    """Check digits over what is there now."""
    line = frame.rstrip(b"\r\n")
    if len(line) < 6 or line[:1] == b"\xaa":
        return frame[:-3] + bytes([ipico_frames.lrc(frame[1:-3])]) + b"\r\n" if len(frame) > 4 else frame
    body = line[2:-2]
    if line[:2].lower() == b"aa":
        body = line[2:34]
        return line[:34] + b"%02x" % ipico_frames.lrc(body) + line[36:] + b"\r\n"
    return line[:2] + body + b"%02x" % ipico_frames.lrc(body) + b"\r\n"


TRAITS: Final[Mapping[str, Traits]] = {
    # A line's end: what came before spoils one record at most.
    "ipico": Traits(held_max=8_192, resync_max=120, pending=_ipico_pending, repair=_ipico_repair),
}


def traits_of(name: str) -> Traits:
    return TRAITS.get(name, Traits())


def samples_of(name: str) -> list[bytes]:
    """All frames known to be good, each with its ending."""
    found = [*_from_frames_of(name), *_from_json(name)]
    if name == "ipico":
        found += _ipico()
    return list(dict.fromkeys(frame for frame in found if frame))


def _from_frames_of(name: str) -> list[bytes]:
    if not (READERS / "frames_of.py").exists():
        return []
    for folder in (READERS, READERS.parent):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    module = importlib.import_module("frames_of")
    given: Any = None
    for word in ("frames_of", "FRAMES_OF"):
        source = getattr(module, word, None)
        if source is None:
            continue
        try:
            given = source(name) if callable(source) else source.get(name)
        except (KeyError, LookupError):
            given = None
        if given:
            break
    return list(_bytes_in(given))


def _bytes_in(given: Any) -> list[bytes]:
    """All the bytes in whatever shape: a list, a mapping, pairs with what they mean."""
    if isinstance(given, bytes | bytearray):
        return [bytes(given)]
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, list | tuple | set | frozenset):
        return [frame for item in given for frame in _bytes_in(item)]
    frame = getattr(given, "data", getattr(given, "frame", getattr(given, "raw", None)))
    return [bytes(frame)] if isinstance(frame, bytes | bytearray) else []


def _from_json(name: str) -> list[bytes]:
    found = []
    for path in sorted(READERS.glob(f"{name}*_samples.json")):
        for item in json.loads(path.read_text(encoding="utf-8")):
            if not isinstance(item, dict):
                continue
            text, digits = item.get("text"), item.get("hex")
            if isinstance(text, str):
                frame = text.encode()
                found.append(frame if frame.endswith((b"\n", b"\r")) else frame + traits_of(name).ending)
            elif isinstance(digits, str):
                ending = b"\r\n" if name == "ipico" else b""
                found.append(bytes.fromhex(digits) + ending)
    return found


def _ipico() -> list[bytes]:
    stamp_us = 1_730_021_787_250_000
    return [
        ipico_frames.clock_reply(stamp_us),
        ipico_frames.gun_frame(stamp_us),
        ipico_frames.memory_status(total=4_116),
        ipico_frames.memory_status(downloading=True, done=364, total=4_116),
        ipico_frames.format_reply(),
        ipico_frames.format_reply(mask=0x7B, separator=0x2C),
        ipico_frames.refusal(),
        ipico_frames.binary_tag("058000128608", stamp_us, tto=(6, 0, 0x80)),
        ipico_frames.short_page(b"CALANQUE"),
    ]


def protocol_of(name: str) -> Protocol:
    from readers.protocol import protocol_class

    return protocol_class(name)()
