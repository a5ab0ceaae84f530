"""Good bytes of each protocol, to be damaged: golden frames, and every literal of bytes in the tests of a protocol.

Tolerant: a protocol without samples is fuzzed with random bytes alone, and that is said. Taken, where they are there,
from `tests/readers/frames_of.py` (`SAMPLES[name]`, or `frames_of(name)`), from files `tests/readers/<name>*_samples.*`,
and from the literals in `tests/readers/test_<name>*.py`. Which of them are reads, the protocol says itself.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from readers import chronelec_frames, ipico_frames, ipico_stream, race_result_usb_frames, ultra_frames
from readers.protocol import Protocol
from simulators.race_result_usb_reader import VirtualUsbBox
from simulators.timer_device import Impulse, VirtualTimer
from timing.instants import SECOND, Instant

READERS: Final = Path(__file__).resolve().parent.parent / "readers"
HELD_DEFAULT: Final = 2_000_000
RESYNC_DEFAULT: Final = 70_000
_STAMP_US: Final = 1_730_021_787_250_000


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What is known of a protocol beyond its samples.

    `ending`: closes a frame in a file of samples, and begins afresh whatever came before. `held_max`: bytes it may hold
    between two calls. `resync_max`: bytes of good frames after which one must be understood, whatever came before them.
    `pending`: what it says itself that it holds, with the maximum it states. `repair`: makes the check digits of a
    damaged frame right, so that the damage gets further. `judges_answers`: whether an answer is malformed depends on
    what was asked, too. `device`: of a protocol that takes no read but as the answer to a question, a virtual device
    that reads a chip every second from that instant on.
    """

    ending: bytes = b"\r\n"
    held_max: int = HELD_DEFAULT
    resync_max: int = RESYNC_DEFAULT
    pending: Callable[[Any], tuple[int, int]] | None = None
    repair: Callable[[bytes], bytes] | None = None
    judges_answers: bool = False
    device: Callable[[Instant], VirtualTimer] | None = None


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


# After the end of a line, or of a frame that is told by its last character, what came before spoils one record at most.
_LINES: Final = Traits(held_max=16_384, resync_max=800)
_JSON: Final = Traits(ending=b"\n", held_max=1_200_000, resync_max=3_000)


def _usb_box(from_us: Instant) -> VirtualTimer:
    at = [from_us + second * SECOND for second in range(-10, 150)]
    return VirtualUsbBox([Impulse(due_us=us, stamp_us=us, tag=str(number)) for number, us in enumerate(at, 1)])


_IPICO: Final = Traits(held_max=8_192, resync_max=120, pending=_ipico_pending, repair=_ipico_repair)

TRAITS: Final[Mapping[str, Traits]] = {
    "ipico": _IPICO,
    "ipico_elite": _IPICO,
    "race_result": _LINES,
    "timy": Traits(ending=b"\r", held_max=16_384, resync_max=400),
    "tag_heuer": _LINES,
    "mylaps": Traits(ending=b"", held_max=600_000, resync_max=800),
    "impinj": _JSON,
    "zebra": _JSON,
    "llrp": Traits(ending=b"", judges_answers=True),
    "ultra": Traits(ending=b"\n", held_max=16_384, resync_max=1_200),
    "jchip": _LINES,
    "chronelec": _LINES,
    "race_result_usb": Traits(ending=b"\n", held_max=600_000, resync_max=4_000, device=_usb_box),
}

TESTED_IN: Final[Mapping[str, Sequence[str]]] = {
    "impinj": ("json_samples.py", "test_json_readers.py"),
    "zebra": ("json_samples.py", "test_json_readers.py"),
}
"""Files of tests beyond `test_<name>*.py`."""
LITERAL_MIN: Final = 12
"""Bytes of a literal in a test that may be a frame."""


def traits_of(name: str) -> Traits:
    return TRAITS.get(name, Traits())


def samples_of(name: str) -> list[bytes]:
    """All frames known to be good, each with its ending; in between a few that are not, which does no harm."""
    found = [*_from_frames_of(name), *_from_files(name), *_from_tests(name)]
    if name in _ENCODED:
        found += _ENCODED[name]()
    return list(dict.fromkeys(frame for frame in found if frame))


def _ended(name: str, frame: bytes) -> bytes:
    ending = traits_of(name).ending
    return frame if not ending or frame.endswith((b"\n", b"\r", b"\0")) else frame + ending


def _from_frames_of(name: str) -> list[bytes]:
    if not (READERS / "frames_of.py").exists():
        return []
    for folder in (READERS, READERS.parent):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    module = importlib.import_module("frames_of")
    given: Any = None
    for word in ("SAMPLES", "frames_of"):
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


def _from_files(name: str) -> list[bytes]:
    found = []
    for path in sorted(READERS.glob(f"{name}*_samples.*")):
        if path.suffix != ".json":
            found.append(path.read_bytes())
            continue
        for item in json.loads(path.read_text(encoding="utf-8")):
            text, digits = (item.get("text"), item.get("hex")) if isinstance(item, dict) else (item, None)
            if isinstance(text, str):
                found.append(_ended(name, text.encode()))
            elif isinstance(digits, str):
                found.append(bytes.fromhex(digits) + (b"\r\n" if name == "ipico" else b""))
    return found


def _from_tests(name: str) -> list[bytes]:
    """Bytes written out in the tests of a protocol: its golden frames are among them."""
    files = [*sorted(READERS.glob(f"test_{name}*.py")), *(READERS / file for file in TESTED_IN.get(name, ()))]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files if path.exists()]
    values = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [_ended(name, value) for value in values if isinstance(value, bytes) and len(value) >= LITERAL_MIN]


def _ipico() -> list[bytes]:
    return [
        ipico_frames.clock_reply(_STAMP_US),
        ipico_frames.gun_frame(_STAMP_US),
        ipico_frames.memory_status(total=4_116),
        ipico_frames.memory_status(downloading=True, done=364, total=4_116),
        ipico_frames.format_reply(),
        ipico_frames.format_reply(mask=0x7B, separator=0x2C),
        ipico_frames.refusal(),
        ipico_frames.binary_tag("058000128608", _STAMP_US, tto=(6, 0, 0x80)),
        ipico_frames.short_page(b"CALANQUE"),
    ]


def _ultra() -> list[bytes]:
    return [
        ultra_frames.greeting(),
        ultra_frames.voltage_line(),
        ultra_frames.status_line(),
        ultra_frames.clock_line(_STAMP_US),
        ultra_frames.setting_line(1, b"\x01"),
        ultra_frames.read_line("0580001", _STAMP_US, log_id=7),
        ultra_frames.read_line("58F", _STAMP_US, log_id=8, rewound=True, antenna=4),
    ]


def _chronelec() -> list[bytes]:
    return [
        chronelec_frames.passing("10203", _STAMP_US),
        chronelec_frames.passing("777", _STAMP_US, source="MAN", counter=9_999, status=2),
        chronelec_frames.status(_STAMP_US),
    ]


def _race_result_usb() -> list[bytes]:
    """In the order in which the box is asked; a passing means nothing before its reference is known."""
    words = race_result_usb_frames
    passing = words.passing("ABCD123", 0x1000)
    return [
        words.answer(b"ASCII"),
        words.answer(b"INFOGET", "0001", "1"),
        words.answer(b"EPOCHREFGET", "65f00000;00000001"),
        words.answer(b"PASSINGINFOGET", "00000001;00000000;00001000;00000000;00001000"),
        words.answer(b"PASSINGGET", "00000000;01", passing),
    ]


_ENCODED: Final[Mapping[str, Callable[[], list[bytes]]]] = {
    "ipico": _ipico,
    "ultra": _ultra,
    "chronelec": _chronelec,
    "race_result_usb": _race_result_usb,
}
"""Frames made by the encoders, where tests write out too few."""


def protocol_of(name: str) -> Protocol:
    from readers.protocol import protocol_class

    return protocol_class(name)()
